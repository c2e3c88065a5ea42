"""Which addresses may be connected to. Checked on what is connected to, never on the name alone."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from engine.errors import RefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host` is lower-case ASCII without brackets; `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: bytes
    user: tuple[str, str] | None = None

    @property
    def shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def key(self) -> str:
        """Name and port: what has a pace, a pause and a place in the ledger."""
        return f"{self.shown}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.shown if self.port == (443 if self.scheme == "https" else 80) else self.key

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path.decode('ascii')}"


def literal(host: str) -> Address | None:
    """Return the address that `host` spells, in any notation the system's resolver would take; None for a name."""
    host = host.partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not host or host[-1] not in "0123456789abcdefx":
        return None
    try:  # 127.1, 0x7f000001, 2130706433, 0177.0.0.1
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_public(address: Address) -> bool:
    """Whether `address` lies on the open internet. What wraps an IPv4 address is judged by that address."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if address.version == 4 and address in _SHARED:
        return False
    return address.is_global and not (
        (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
        or address.is_multicast
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_private
        or address.is_reserved
    )


def looks_local(host: str) -> bool:
    """Whether a name can only be of this machine or its network."""
    return "." not in host or host.endswith((".local", ".localhost", ".lan", ".home.arpa", ".internal"))


def check(address: Address, host: str, *, allow_private: bool, private_only: bool = False) -> None:
    """Raises RefusedError when `host`, which leads to `address`, must not be connected to."""
    if is_public(address):
        if private_only:
            raise RefusedError(f"{host} leads to {address}, on the open internet, which you have not confirmed. Nothing was sent.")
        return
    inner = _embedded(address) or address
    if inner.is_multicast or inner.is_unspecified or (inner.version == 4 and inner.is_reserved):
        raise RefusedError(f"{host} leads to {address}, where no single machine can be. Nothing was sent.")
    if not allow_private:
        raise RefusedError(
            f"{host} leads to {address}, inside this machine or its network. "
            "Millpond goes there only for a feed that you added by that very address. Nothing was sent."
        )


def check_unresolved(host: str, *, allow_private: bool, private_only: bool = False) -> None:
    """Judge a host that a proxy will resolve, by what can be told from here."""
    address = literal(host)
    if address is not None:
        check(address, host, allow_private=allow_private, private_only=private_only)
    elif private_only and not looks_local(host):
        raise RefusedError(f"Behind a proxy nobody here can tell where {host} leads, and you have not confirmed it. Nothing was sent.")
    elif (host == "localhost" or host.endswith(".localhost")) and not allow_private:
        check(ipaddress.IPv4Address("127.0.0.1"), host, allow_private=False)
