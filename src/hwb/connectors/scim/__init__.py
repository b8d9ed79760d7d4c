"""Any service that takes accounts by SCIM 2.0 (RFC 7643, RFC 7644; docs/howto/scim.md)."""

from hwb.connectors.scim.carrying import carry
from hwb.connectors.scim.comparing import differs, each_group, each_user
from hwb.connectors.scim.groups import find_or_make
from hwb.connectors.scim.payloads import Teller
from hwb.connectors.scim.service import Options, Service

__all__ = ["Options", "Service", "Teller", "carry", "differs", "each_group", "each_user", "find_or_make"]
