"""Just2easy: a space for work at each school follows the account, by a contract of ours (docs/howto/just2easy.md)."""

from hwb.connectors.just2easy.adapter import Adapter, Options
from hwb.connectors.just2easy.spaces import Spaces

__all__ = ["Adapter", "Options", "Spaces"]
