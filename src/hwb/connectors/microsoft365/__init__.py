"""Microsoft 365: mail, files and groups follow the account through Microsoft Graph (docs/howto/microsoft-365.md)."""

from hwb.connectors.microsoft365.carrying import carry
from hwb.connectors.microsoft365.comparing import Seen, compare
from hwb.connectors.microsoft365.graph import Graph, Options
from hwb.connectors.microsoft365.groups import find_or_make
from hwb.connectors.microsoft365.tenant import Tenant

__all__ = ["Graph", "Options", "Seen", "Tenant", "carry", "compare", "find_or_make"]
