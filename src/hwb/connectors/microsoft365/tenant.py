"""One tenant, as the workers of every kind of service use it (hwb.connectors.service)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from hwb.connectors.microsoft365.carrying import carry
from hwb.connectors.microsoft365.comparing import Seen, compare
from hwb.connectors.microsoft365.graph import Graph
from hwb.connectors.microsoft365.groups import find_or_make
from hwb.lifecycle.service_accounts import Group, Outcome, ServiceAccount, Waiting


class TenantSeen:
    """A page of what has changed in the tenant."""

    between = None

    def __init__(self, graph: Graph, seen: Seen) -> None:
        self.remotes, self.group_ids, self.lost_groups = seen.remotes, seen.group_ids, frozenset(seen.lost)
        self._differs = partial(seen.differs, graph)

    def differs(self, remote: str, wish: ServiceAccount | None, due: frozenset[str], ours: frozenset[str]) -> bool:
        """Whether the person's object is otherwise than it must be."""
        return self._differs(remote, wish, due, ours)


class Tenant:
    """Mail, files and groups in one tenant."""

    has_groups = True

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def check(self) -> None:
        """Asks for the tenant's licences."""
        self.graph.page("/subscribedSkus")

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        """Graph's ids of groups."""
        find_or_make(self.graph, missing, found)

    def carry(
        self, waiting: Sequence[Waiting], groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        """Twenty conversations a batch."""
        carry(self.graph, waiting, groups, in_time=in_time, settle=settle)

    def compare(self, links: dict[str, str]) -> Iterator[TenantSeen]:
        """What Graph's delta queries tell."""
        return (TenantSeen(self.graph, seen) for seen in compare(self.graph, links))
