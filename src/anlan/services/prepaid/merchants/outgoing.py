"""A POST to an address that somebody else chose: to public machines only, over TLS, without following redirects.

The name is resolved once and the connection made to the very address that was judged, so that a name which answers
differently the second time leads nowhere inside the house.
"""

import ipaddress
import socket
import ssl
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 5


class NotSent(Exception):
    """It did not arrive; the message says why and holds no personal data."""


def post(address: str, body: bytes, headers: dict[str, str]) -> None:
    """Send it. Raises NotSent for whatever is not an answer of 200 to 299."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((_public_address(host, port), port), timeout=TIMEOUT_SECONDS) as bare,
            ssl.create_default_context().wrap_socket(bare, server_hostname=host) as secure,
        ):
            connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
            connection.sock = secure
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=body, headers=headers)
            status = connection.getresponse().status
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(f"can't be reached: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise NotSent(f"answered {status}")


def _public_address(host: str, port: int) -> str:
    """The first address of a host, if all of them are public. Raises NotSent."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(ipaddress.ip_address(each.partition("%")[0]).is_global for each in found):
        raise NotSent("is not a public address")
    return found[0]
