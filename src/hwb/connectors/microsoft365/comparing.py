"""What has become of users and groups in the tenant since the last comparison, by Graph's delta queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hwb.connectors.microsoft365 import payloads
from hwb.connectors.microsoft365.graph import Graph, LinkTooOld
from hwb.lifecycle.service_accounts import ServiceAccount

_USERS = (
    "/users/delta?$select=userPrincipalName,mail,displayName,givenName,surname,accountEnabled,usageLocation,"
    "onPremisesImmutableId,assignedLicenses"
)
_GROUPS = "/groups/delta?$select=mailNickname,members"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one page of the tenant's says has changed there.

    users: by id, of each what is told; None of one that is in the bin or gone. groups: of a user's id, with whether the
    user is in it. lost: groups that are gone.
    """

    users: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    groups: dict[str, dict[str, bool]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    @property
    def remotes(self) -> frozenset[str]:
        """Users of whom anything is told."""
        return frozenset(self.users) | frozenset(self.groups)

    @property
    def group_ids(self) -> frozenset[str]:
        """Groups of which anything is told."""
        return frozenset(group for found in self.groups.values() for group in found)

    def differs(
        self, graph: Graph, remote: str, wish: ServiceAccount | None, due: frozenset[str], ours: frozenset[str]
    ) -> bool:
        """Whether the person's object is otherwise than it must be, as far as it is told: of a changed object only what
        has changed. due: groups that it must be in; ours: those told of that are kept from here."""
        if wish is None:
            return False
        if remote in self.users:
            found = self.users[remote]
            if found is None or payloads.differing(found, wish, graph.options).keys() & found.keys():
                return True
            has = {str(each.get("skuId")) for each in found.get("assignedLicenses") or []}
            if "assignedLicenses" in found and graph.options.licence(wish.licence) not in has:
                return True
        return any(is_in != (group in due) for group, is_in in self.groups.get(remote, {}).items() if group in ours)


def compare(graph: Graph, links: dict[str, str]) -> Iterator[Seen]:
    """Reads both deltas to their ends, page by page, and puts where the next comparison goes on into ``links``.

    A delta link that is too old begins anew, with everybody. Raises ServiceAway and ServiceBusy.
    """
    for name, start, see in (("users", _USERS, _see_user), ("groups", _GROUPS, _see_group)):
        try:
            yield from _pages(graph, name, links.get(name) or start, see, links)
        except LinkTooOld:
            yield from _pages(graph, name, start, see, links)


def _pages(
    graph: Graph, name: str, link: str, see: Callable[[Seen, Mapping[str, Any]], None], links: dict[str, str]
) -> Iterator[Seen]:
    while link:
        answer, seen = graph.page(link), Seen()
        for each in answer.get("value") or []:
            see(seen, each)
        yield seen
        if done := answer.get("@odata.deltaLink"):
            links[name] = str(done)
        link = str(answer.get("@odata.nextLink") or "")


def _see_user(seen: Seen, each: Mapping[str, Any]) -> None:
    seen.users[str(each["id"])] = None if "@removed" in each else each


def _see_group(seen: Seen, each: Mapping[str, Any]) -> None:
    id_ = str(each["id"])
    if "@removed" in each:
        seen.lost.add(id_)
        return
    for member in each.get("members@delta") or []:
        seen.groups.setdefault(str(member["id"]), {})[id_] = "@removed" not in member
