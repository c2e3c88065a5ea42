"""Where the door does not go: addresses inside this machine and its network, however they are written."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FetchError, RefusedError
from engine.http import Client, HttpRequest, Policy
from engine.http.guard import is_public, literal
from tests.fakenet import Clock, FakeNet, FakeProxy, Ledger

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.254", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1",
    "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2002:c0a8:101::1", "2001:0:4136:e378::1", "::127.0.0.1",
]
OUTSIDE = ["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111",
           "::ffff:8.8.8.8", "64:ff9b::808:808"]
SPELLINGS = ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]"]


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as running:
        running.serve("/", b"inside")
        yield running


@pytest.mark.parametrize("address", INSIDE)
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_outer_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_changes_nothing(address: ipaddress.IPv4Address) -> None:
    wrapped = [f"::ffff:{address}", f"64:ff9b::{address}"]
    assert {is_public(ipaddress.ip_address(text)) for text in wrapped} == {is_public(address)}


@given(st.ip_addresses(v=4))
def test_a_number_is_the_address_it_spells(address: ipaddress.IPv4Address) -> None:
    assert literal(str(int(address))) == address
    assert literal(hex(int(address))) == address


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_loopback_address_is_refused_in_every_spelling(net: FakeNet, ledger: Ledger, host: str) -> None:
    client = Client(Clock(), Policy(), ledger)
    with pytest.raises(RefusedError, match=r"inside this machine|no.* web address"):
        client.fetch(HttpRequest(url=f"http://{host}:{net.port}/"))
    client.close()
    assert net.connections == 0


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_before_connecting(ledger: Ledger, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = Client(Clock(), Policy(), ledger, resolve=lambda _, port: [(family, (address, port))])
    with pytest.raises(RefusedError, match="Nothing was sent"):
        client.fetch(HttpRequest(url="http://harmless.example/"))
    client.close()
    assert ledger.entries[0].host == "harmless.example:80"
    assert "Nothing was sent" in ledger.entries[0].error


def test_a_name_that_changes_its_mind_is_refused_the_second_time(net: FakeNet, ledger: Ledger) -> None:
    """DNS rebinding: what is checked is what is connected to, so the first, harmless answer opens nothing."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        asked.append(host)
        return [(socket.AF_INET, ("127.0.0.2" if len(asked) == 1 else "127.0.0.1", port))]

    client = Client(Clock(), Policy(per_host_seconds=0), ledger, resolve=resolve)
    for _ in range(2):
        with pytest.raises(RefusedError):
            client.fetch(HttpRequest(url=net.url("/", host="rebind.example")))
    client.close()
    assert len(asked) == 2
    assert net.connections == 0


def test_a_name_with_several_inner_addresses_opens_none_of_them(net: FakeNet, ledger: Ledger) -> None:
    def resolve(_: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET, ("10.0.0.1", port))]

    client = Client(Clock(), Policy(), ledger, resolve=resolve)
    with pytest.raises(RefusedError):
        client.fetch(HttpRequest(url=net.url("/", host="mixed.example")))
    client.close()
    assert net.connections == 0


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/",
           "http://169.254.169.254/latest/meta-data", "//127.0.0.1:{port}/"],
)
def test_a_redirect_inside_is_refused(net: FakeNet, ledger: Ledger, to: str) -> None:
    with FakeNet(host="127.0.0.2") as outside:
        start = outside.redirect("/start", to.format(port=net.port))
        client = Client(Clock(), Policy(), ledger)
        with pytest.raises(RefusedError):
            client.fetch(HttpRequest(url=start, allow_private=True))  # permits 127.0.0.2 at its port, nothing else
        client.close()
    assert net.connections == 0


def test_permission_covers_the_very_host_and_port_only(ledger: Ledger) -> None:
    with FakeNet() as one, FakeNet() as two:
        one.serve("/end", b"here")
        two.serve("/end", b"there")
        client = Client(Clock(), Policy(), ledger)
        assert client.fetch(HttpRequest(url=one.redirect("/a", "/end"), allow_private=True)).body == b"here"
        with pytest.raises(RefusedError):
            client.fetch(HttpRequest(url=one.redirect("/b", two.url("/end")), allow_private=True))
        client.close()
        assert two.connections == 0


def test_a_connection_opened_by_permission_is_not_used_without_it(net: FakeNet, ledger: Ledger) -> None:
    client = Client(Clock(), Policy(), ledger)
    client.fetch(HttpRequest(url=net.url("/"), allow_private=True))
    with pytest.raises(RefusedError):
        client.fetch(HttpRequest(url=net.url("/")))
    client.close()
    assert len(net.requests) == 1


def test_permission_does_not_open_addresses_that_are_no_machine(ledger: Ledger) -> None:
    client = Client(Clock(), Policy(), ledger)
    for host in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "[::]", "[ff02::1]"):
        with pytest.raises(RefusedError, match="no single machine"):
            client.fetch(HttpRequest(url=f"http://{host}/", allow_private=True))
    client.close()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/x", "gopher://a.example", "data:text/xml,x",
                                 "javascript:alert(1)", "//a.example", "", "http://", "http://a.example:99999/"])
def test_other_schemes_and_no_addresses_are_refused(ledger: Ledger, url: str) -> None:
    client = Client(Clock(), Policy(), ledger)
    with pytest.raises(RefusedError):
        client.fetch(HttpRequest(url=url))
    client.close()
    assert ledger.entries == []


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)"])
def test_a_redirect_to_another_scheme_is_refused(net: FakeNet, ledger: Ledger, to: str) -> None:
    client = Client(Clock(), Policy(), ledger)
    with pytest.raises(RefusedError, match="only http and https"):
        client.fetch(HttpRequest(url=net.redirect("/out", to), allow_private=True))
    client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost", "10.0.0.1"])
def test_a_proxy_is_not_asked_for_inner_targets(net: FakeNet, ledger: Ledger, host: str) -> None:
    with FakeProxy(net) as proxy:
        client = Client(Clock(), Policy(proxy=f"socks5h://127.0.0.1:{proxy.port}"), ledger)
        with pytest.raises(RefusedError):
            client.fetch(HttpRequest(url=f"http://{host}:{net.port}/"))
        client.close()
    assert proxy.targets == []


def test_an_onion_address_is_not_looked_up_without_a_proxy(ledger: Ledger) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        asked.append(host)
        return []

    client = Client(Clock(), Policy(), ledger, resolve=resolve)
    with pytest.raises(FetchError, match="Tor"):
        client.fetch(HttpRequest(url="http://abcdefghij.onion/feed"))
    client.close()
    assert asked == []


def test_an_inner_feed_of_the_persons_own_goes_through_the_proxy_like_all_others(net: FakeNet, ledger: Ledger) -> None:
    with FakeProxy(net) as proxy:
        client = Client(Clock(), Policy(proxy=f"socks5h://127.0.0.1:{proxy.port}"), ledger)
        assert client.fetch(HttpRequest(url="http://10.0.0.7:8080/", allow_private=True)).body == b"inside"
        client.close()
    assert proxy.targets == [("10.0.0.7", 8080)]
