"""Addresses of schedulers, and how connections to them are secured.

Whoever may connect to a Dask scheduler or worker may run any code as its user. So in the clear only
addresses of this machine itself are taken; to any other both sides show certificates.
"""

import importlib.util
import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from distributed import Security, Worker

SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
EXAMPLES = "dask://127.0.0.1:8786 or dask+tls://HOST:8786"
# What an environment variable names, and the option of `dask worker` for it.
CERTIFICATES = {
    "ca": ("COURSE_CLUSTER_CA", "--tls-ca-file"),
    "certificate": ("COURSE_CLUSTER_CERTIFICATE", "--tls-cert"),
    "key": ("COURSE_CLUSTER_KEY", "--tls-key"),
}
LISTEN = "COURSE_CLUSTER_LISTEN"
LISTENING = "write HOST, HOST:PORT, or [HOST]:PORT for a number with colons"


class AddressRefused(ValueError):
    """An address that is none, or that must not be used like this; the message says why."""


@dataclass(frozen=True)
class ClusterAddress:
    """Where a scheduler is. `text` is what was typed."""

    text: str
    host: str
    port: int
    tls: bool

    @property
    def url(self) -> str:
        """The address in Dask's own form."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.tls else 'tcp'}://{host}:{self.port}"


def parse_address(text: str) -> ClusterAddress:
    """The address in `dask://HOST:PORT` or `dask+tls://HOST:PORT`. Raises `AddressRefused`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{text!r} is no address ({error}); write {EXAMPLES}") from None
    if parts.scheme not in SCHEMES or not parts.hostname or not port or parts.path.strip("/"):
        raise AddressRefused(f"{text!r} is no address of a scheduler; write {EXAMPLES}")
    found = ClusterAddress(text, parts.hostname, port, parts.scheme == "dask+tls")
    if not found.tls and not is_this_machine(found.host):
        raise AddressRefused(
            f"{text} would go over the network in the clear: whoever can reach a scheduler can run "
            f"any code on it. Use dask+tls://{parts.netloc} with certificates, or a scheduler on "
            "127.0.0.1"
        )
    return found


def is_this_machine(host: str) -> bool:
    """Whether a host's name or number never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The host in an address of Dask's form, such as `tcp://127.0.0.1:8786`."""
    return urlsplit(url).hostname or ""


def require_closed(worker: "Worker") -> None:
    """Raises `AddressRefused` where other machines could reach the worker in the clear."""
    listening = [listener.listen_address for listener in worker.listeners]
    for address in [worker.scheduler.address, *listening]:
        if not address.startswith("tls://") and not is_this_machine(host_of(address)):
            raise AddressRefused(
                f"this worker uses {address} in the clear: whoever can reach it can run any code "
                "on its machine. On one machine start it with --host 127.0.0.1; otherwise use TLS"
            )


def require_distributed() -> None:
    """Raises `AddressRefused` where Dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        raise AddressRefused(
            "a cluster needs the package `distributed`, here and on every worker: "
            "pip install -e '.[cluster]' in the project's folder"
        )


def named_certificates() -> dict[str, str]:
    """The files that environment variables name; empty where Dask's own settings count.

    Raises `AddressRefused` where only some of them are named, or one is not there.
    """
    found = {kind: os.environ.get(name, "") for kind, (name, _) in CERTIFICATES.items()}
    if not any(found.values()):
        return {}
    for kind, path in found.items():
        variable = CERTIFICATES[kind][0]
        if not path:
            names = ", ".join(name for name, _ in CERTIFICATES.values())
            raise AddressRefused(f"{variable} is not set; TLS needs all of {names}")
        if not os.path.isfile(path):
            raise AddressRefused(f"{variable} names {path}: there is no such file")
    return found


def security_of(address: ClusterAddress) -> "Security":
    """What Dask needs to connect there and to listen. Raises `AddressRefused`."""
    from distributed import Security

    if not address.tls:
        return Security(require_encryption=False)
    named = named_certificates()
    fields = {"tls_ca_file": named["ca"]} if named else {}
    for role in ("client", "worker") if named else ():
        fields |= {f"tls_{role}_cert": named["certificate"], f"tls_{role}_key": named["key"]}
    security = Security(require_encryption=True, **fields)
    if not (security.tls_ca_file and security.tls_client_cert):
        names = ", ".join(name for name, _ in CERTIFICATES.values())
        raise AddressRefused(
            f"{address.text} needs certificates: set {names}, or Dask's distributed.comm.tls"
        )
    return security


def listening_at(address: ClusterAddress) -> str:
    """Where the dispatcher listens for workers: `COURSE_CLUSTER_LISTEN`, HOST or HOST:PORT.

    Otherwise the address by which this machine reaches the scheduler, and any free port. Raises
    `AddressRefused`.
    """
    from distributed.utils import get_ip

    scheme = "tls" if address.tls else "tcp"
    chosen = os.environ.get(LISTEN, "")
    if not chosen:
        chosen = "127.0.0.1" if is_this_machine(address.host) else str(get_ip(address.host))
    host, port = _host_and_port(chosen)
    if not address.tls and not is_this_machine(host):
        raise AddressRefused(
            f"{LISTEN} is {chosen!r}: in the clear the dispatcher listens on 127.0.0.1 only; use "
            "dask+tls:// for workers on other machines"
        )
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _host_and_port(chosen: str) -> tuple[str, int]:
    """The parts of HOST, HOST:PORT or [HOST]:PORT; port 0 where none is named.

    Raises `AddressRefused`.
    """
    try:
        return str(ipaddress.IPv6Address(chosen)), 0
    except ValueError:
        pass  # not an IPv6 address alone
    try:
        parts = urlsplit(f"//{chosen}")
        host, port = parts.hostname, parts.port or 0
    except ValueError as error:
        raise AddressRefused(f"{LISTEN} is {chosen!r} ({error}); {LISTENING}") from None
    if not host or parts.netloc != chosen or "@" in chosen:
        raise AddressRefused(f"{LISTEN} is {chosen!r}; {LISTENING}")
    return host, port
