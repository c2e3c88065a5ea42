"""The door: connections, the ledger, proxies, TLS, cancelling, and what it says when things go wrong."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import FetchError, InputError, RefusedError
from engine.http import Client, HttpRequest, Policy, host_of, redact
from tests.fakenet import Clock, FakeNet, FakeProxy, Ledger, Reply, coded


def own(url: str, **more: object) -> HttpRequest:
    return HttpRequest(url=url, allow_private=True, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for good.example and 127.0.0.1, made for this run."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fakenet")])
    names = x509.SubjectAlternativeName([x509.DNSName("good.example"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[FakeNet]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeNet(tls=context) as running:
        yield running


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_a_connection_is_used_again(net: FakeNet, client: Client) -> None:
    net.serve("/", b"x")
    for _ in range(20):
        client.fetch(own(net.url("/")))
    assert (len(net.requests), net.connections) == (20, 1)


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen(net: FakeNet, client: Client) -> None:
    net.script("/", Reply(body=b"1"), Reply(raw=b""), Reply(body=b"2"))
    assert client.fetch(own(net.url("/"))).body == b"1"
    assert client.fetch(own(net.url("/"))).body == b"2"


def test_every_request_is_in_the_ledger_with_its_bytes(net: FakeNet, client: Client, ledger: Ledger) -> None:
    net.serve("/end", b"x" * 1000)
    client.fetch(own(net.redirect("/start", "/end"), purpose="icon"))
    first, second = ledger.entries
    assert [(e.host, e.purpose, e.method, e.status, e.error) for e in (first, second)] == [
        (f"127.0.0.1:{net.port}", "icon", "GET", 302, ""),
        (f"127.0.0.1:{net.port}", "icon", "GET", 200, ""),
    ]
    assert second.received_bytes > 1000
    assert second.sent_bytes == len(net.requests[1].raw_head) + 4


def test_a_row_is_begun_before_connecting_and_completed_when_that_fails(client: Client, ledger: Ledger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        client.fetch(own(f"http://127.0.0.1:{port}/"))
    assert ledger.entries[0].done
    assert "cannot be reached" in ledger.entries[0].error


def test_when_the_ledger_cannot_be_written_nothing_is_sent(net: FakeNet) -> None:
    class Full(Ledger):
        def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int:
            raise OSError("disk full")

    client = Client(Clock(), Policy(), Full())
    for _ in range(20):  # and no slot is lost
        with pytest.raises(OSError, match="disk full"):
            client.fetch(own(net.url("/")))
    client.close()
    assert net.connections == 0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(body=b"abc", length=10), "ended its answer too early"),
        (Reply(body=b"abcdef", reset_after=3, length=6), "broke|ended its answer"),
        (Reply(raw=b"SSH-2.0-x\r\n\r\n"), "does not speak proper HTTP"),
        (Reply(raw=b""), "ended its answer too early"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), "does not speak proper HTTP"),
        (Reply(headers={"Content-Encoding": "gzip"}, body=coded(b"x" * 99, "gzip")[:-9]), "damaged"),
        (Reply(headers={"Content-Encoding": ", ".join(["gzip"] * 9)}, body=b"x"), "9 times over"),
    ],
    ids=["cut short", "reset", "not http", "nothing", "endless header", "damaged", "onion"],
)
def test_a_broken_answer_is_told_in_plain_words(net: FakeNet, client: Client, reply: Reply, words: str) -> None:
    with pytest.raises(FetchError, match=words) as failure:
        client.fetch(own(net.script("/secret", reply) + "?token=abc"))
    assert "token" not in str(failure.value)
    assert "/secret" not in str(failure.value)


def test_a_label_without_meaning_does_not_hide_the_body(net: FakeNet, client: Client) -> None:
    net.script("/", Reply(headers={"Content-Encoding": "utf-8"}, body=b"plain"))
    assert client.fetch(own(net.url("/"))).body == b"plain"


def test_a_missing_name_is_told_so(ledger: Ledger) -> None:
    client = Client(Clock(), Policy(), ledger, resolve=lambda _, __: [])
    with pytest.raises(FetchError, match=r"no machine named nowhere\.example"):
        client.fetch(HttpRequest(url="https://nowhere.example/feed"))
    client.close()


def test_an_answer_of_any_status_is_returned(net: FakeNet, client: Client) -> None:
    net.script("/", Reply(status=418, body=b"short and stout"))
    answer = client.fetch(own(net.url("/")))
    assert (answer.status, answer.body) == (418, b"short and stout")


def test_a_post_turns_into_a_get_after_303_and_stays_one_after_307(net: FakeNet, client: Client) -> None:
    net.redirect("/303", "/end", 303)
    net.redirect("/307", "/end", 307)
    net.serve("/end", b"")
    for path in ("/303", "/307"):
        client.fetch(own(net.url(path), method="POST", content=b"{}", headers={"Content-Type": "application/json"}))
    assert [(r.method, r.body, r.headers.get("content-type")) for r in net.asked("/end")] == [
        ("GET", b"", None),
        ("POST", b"{}", "application/json"),
    ]


def test_credentials_in_the_address_are_sent_as_basic_and_not_shown(net: FakeNet, client: Client) -> None:
    net.serve("/", b"")
    answer = client.fetch(own(net.url("/").replace("http://", "http://ann:p%40ss@")))
    assert net.requests[0].headers["authorization"] == "Basic YW5uOnBAc3M="
    assert "ann" not in answer.url


def test_addresses_are_escaped_and_names_made_ascii(net: FakeNet, ledger: Ledger) -> None:
    net.serve("/f%C3%BCr%20alle", b"ok")
    with FakeProxy(net) as proxy:
        client = Client(Clock(), Policy(proxy=f"socks5h://127.0.0.1:{proxy.port}"), ledger)
        assert client.fetch(HttpRequest(url="http://Bücher.example/für alle?q=%2f#top")).body == b"ok"
        client.close()
    assert proxy.targets == [("xn--bcher-kva.example", 80)]
    assert net.requests[0].path == "/f%C3%BCr%20alle?q=%2f"


def test_environment_and_netrc_have_no_say(net: FakeNet, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    net.serve("/", b"straight")
    assert client.fetch(own(net.url("/"))).body == b"straight"
    assert "authorization" not in net.requests[0].headers


@pytest.mark.parametrize("scheme", ["socks5h", "socks5", "http"])
def test_a_proxy_resolves_the_names(net: FakeNet, ledger: Ledger, scheme: str) -> None:
    def never(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        raise AssertionError(f"{host} was looked up")

    net.serve("/feed", b"through")
    with FakeProxy(net) as proxy:
        client = Client(Clock(), Policy(proxy=f"{scheme}://127.0.0.1:{proxy.port}"), ledger, resolve=never)
        assert client.fetch(HttpRequest(url="http://far.example/feed")).body == b"through"
        client.close()
    assert proxy.targets == [("far.example", 80)]
    assert ledger.entries[0].host == "far.example:80"


def test_a_socks_proxy_may_want_a_password(net: FakeNet, ledger: Ledger) -> None:
    net.serve("/", b"in")
    with FakeProxy(net, user=("me", "p@ss")) as proxy:
        right = Client(Clock(), Policy(proxy=f"socks5h://me:p%40ss@127.0.0.1:{proxy.port}"), ledger)
        assert right.fetch(HttpRequest(url="http://far.example/")).body == b"in"
        right.close()
        wrong = Client(Clock(), Policy(proxy=f"socks5h://me:nope@127.0.0.1:{proxy.port}"), ledger)
        with pytest.raises(FetchError, match="proxy"):
            wrong.fetch(HttpRequest(url="http://far.example/"))
        wrong.close()


@pytest.mark.parametrize("proxy", ["socks4://a:1", "a:1", "http://", "socks5h://a", "https://a:1", "http://a:x"])
def test_a_proxy_that_cannot_be_used_is_an_input_error(ledger: Ledger, proxy: str) -> None:
    with pytest.raises(InputError, match="socks5h://host:port"):
        Client(Clock(), Policy(proxy=proxy), ledger)


@pytest.mark.parametrize("through", ["", "socks5h", "http"])
def test_https_checks_the_name_and_sends_it(
    secure: FakeNet, trusting: ssl.SSLContext, ledger: Ledger, through: str
) -> None:
    secure.serve("/", b"safe")
    with FakeProxy(secure) as proxy:
        policy = Policy(proxy=f"{through}://127.0.0.1:{proxy.port}" if through else "")
        client = Client(
            Clock(), policy, ledger, tls=trusting, resolve=lambda _, port: [(socket.AF_INET, ("127.0.0.1", port))]
        )
        url = f"https://good.example:{secure.port}/"
        assert client.fetch(own(url)).body == b"safe"
        with pytest.raises(FetchError, match=r"certificate of bad\.example is not valid"):
            client.fetch(own(url.replace("good", "bad")))
        client.close()
    assert secure.requests[0].headers["host"] == f"good.example:{secure.port}"


def test_an_unknown_certificate_is_refused(secure: FakeNet, client: Client) -> None:
    with pytest.raises(FetchError, match="certificate"):
        client.fetch(own(secure.url("/")))


def test_https_never_falls_back_to_http(
    secure: FakeNet, net: FakeNet, trusting: ssl.SSLContext, ledger: Ledger
) -> None:
    client = Client(Clock(), Policy(), ledger, tls=trusting)
    with pytest.raises(RefusedError, match="unprotected http"):
        client.fetch(own(secure.redirect("/", net.url("/"))))
    client.close()
    assert net.connections == 0


def test_cancelling_ends_a_handshake_and_a_lookup(ledger: Ledger) -> None:
    hanging = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        def resolve(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
            if host == "slow.example":
                hanging.wait(10)
            return [(socket.AF_INET, ("127.0.0.1", port))]

        client = Client(Clock(), Policy(), ledger, resolve=resolve)
        ended: list[float] = []

        def fetch(host: str) -> None:
            with pytest.raises(FetchError, match="Stopped"):
                client.fetch(own(f"https://{host}:{port}/"))
            ended.append(time.monotonic())

        threads = [threading.Thread(target=fetch, args=(host,)) for host in ("slow.example", "quick.example")]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        started = time.monotonic()
        client.cancel()
        for thread in threads:
            thread.join(5)
        hanging.set()
        client.close()
    assert len(ended) == 2
    assert max(ended) - started < 0.1


def test_cancelling_one_purpose_leaves_the_others(net: FakeNet, client: Client) -> None:
    net.script("/", Reply(body=b"done", delay_seconds=0.4))
    found: dict[str, str] = {}

    def fetch(purpose: str) -> None:
        try:
            found[purpose] = client.fetch(own(net.url("/"), purpose=purpose)).body.decode()
        except FetchError as error:
            found[purpose] = str(error)

    threads = [threading.Thread(target=fetch, args=(purpose,)) for purpose in ("feed", "model")]
    for thread in threads:
        thread.start()
    time.sleep(0.15)
    client.cancel("feed")
    for thread in threads:
        thread.join(5)
    assert found["model"] == "done"
    assert "Stopped" in found["feed"]


def test_nothing_can_be_fetched_after_closing(net: FakeNet, client: Client) -> None:
    client.close()
    with pytest.raises(FetchError, match="Stopped"):
        client.fetch(own(net.url("/")))
    assert net.connections == 0


def test_a_silent_first_address_does_not_hold_up_the_second(net: FakeNet, ledger: Ledger) -> None:
    """A broken IPv6 route is the common case: here a listener whose queue is full."""
    net.serve("/", b"second")
    with socket.socket() as full:
        full.bind(("127.0.0.2", net.port))
        full.listen(0)
        crowd = []
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", net.port))
            crowd.append(waiting)
        client = Client(
            Clock(), Policy(), ledger,
            resolve=lambda _, port: [(socket.AF_INET, ("127.0.0.2", port)), (socket.AF_INET, ("127.0.0.1", port))],
        )
        started = time.monotonic()
        assert client.fetch(own(net.url("/", host="two.example"))).body == b"second"
        client.close()
        for waiting in crowd:
            waiting.close()
    assert time.monotonic() - started < 2


def test_waiting_for_the_hosts_turn_does_not_use_up_the_deadline(net: FakeNet, ledger: Ledger) -> None:
    net.serve("/", b"x")
    client = Client(Clock(), Policy(total_seconds=0.3, per_host_seconds=0.5), ledger)
    url = net.url("/", host="localhost")
    assert [client.fetch(own(url)).status for _ in range(3)] == [200, 200, 200]
    client.close()


def test_a_source_may_set_its_own_pace(net: FakeNet, client: Client) -> None:
    net.serve("/", b"x")
    for _ in range(5):
        client.fetch(own(net.url("/", host="localhost"), pace_seconds=0.0))
    assert net.requests[-1].at - net.requests[0].at < 0.5


def test_no_url_reaches_the_log(net: FakeNet, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    net.serve("/private", b"x")
    client.fetch(own(net.url("/private?token=CANARY-1").replace("http://", "http://u:CANARY-2@")))
    logging.getLogger("httpcore2.http11").error("GET %s", "http://u:CANARY-3@a.example/p?key=CANARY-4")
    assert "CANARY" not in caplog.text
    assert "a.example" in caplog.text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://anna:pw@example.org/feed.xml", "https://example.org/feed.xml"),
        ("https://example.org:8443/f?user=a&token=b#x", "https://example.org:8443/f?user=…&token=…"),
        ("https://example.org/f?secret", "https://example.org/f?…"),
        ("https://example.org/private/a8f3kd92mf83kd02mf93kd/feed", "https://example.org/private/…/feed"),
        ("https://example.org/2026/11/a-perfectly-ordinary-title", "https://example.org/2026/11/a-perfectly-ordinary-title"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://[broken", "an address that cannot be read"),
    ],
)
def test_redacting_keeps_what_a_person_recognises_and_no_secret(url: str, shown: str) -> None:
    assert redact(url) == shown


def test_a_host_is_its_name_and_port() -> None:
    assert [host_of(url) for url in ("http://A.example/x", "https://a.example", "http://[::1]:81/")] == [
        "a.example:80",
        "a.example:443",
        "[::1]:81",
    ]


def test_importing_the_door_loads_no_http_library() -> None:
    code = "import sys, engine.http; print(sorted({'httpx2', 'httpcore2', 'ssl'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400 No\r\n\r\n", b"\x05", b"\x00\x00", b"\x05\x07", b""])
def test_a_proxy_that_does_not_speak_socks_is_told_so(ledger: Ledger, nonsense: bytes) -> None:
    with FakeNet() as odd:
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(nonsense)

        thread = threading.Thread(target=serve)
        thread.start()
        client = Client(Clock(), Policy(proxy=f"socks5h://127.0.0.1:{listener.getsockname()[1]}"), ledger)
        with pytest.raises(FetchError, match="proxy"):
            client.fetch(HttpRequest(url="http://far.example/"))
        client.close()
        thread.join(5)
        listener.close()
        assert odd.connections == 0
