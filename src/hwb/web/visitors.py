"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

#: A household or school has a whole network of this length of the newer addresses.
_NETWORK_6 = 64


def address_of(request: HttpRequest) -> str:
    """The public address a request comes from; behind a proxy the one that the proxy itself has seen."""
    seen: str = request.META.get("REMOTE_ADDR", "")
    if settings.HWB_BEHIND_PROXY:
        seen = request.headers.get("X-Forwarded-For", seen).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return seen
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if (mapped := address.ipv4_mapped) is not None:
        return str(mapped)
    return str(ipaddress.ip_network((address, _NETWORK_6), strict=False))
