"""What has become of users and groups in the tenant since the last comparison, by Graph's delta queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hwb.connectors.microsoft365 import payloads
from hwb.connectors.microsoft365.graph import Graph
from hwb.lifecycle.service_accounts import ServiceAccount

_USERS = (
    "/users/delta?$select=userPrincipalName,mail,displayName,givenName,surname,accountEnabled,usageLocation,"
    "onPremisesImmutableId,assignedLicenses"
)
_GROUPS = "/groups/delta?$select=mailNickname,members"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tenant says of what has changed there. links: where the next comparison goes on.

    users: by id, None of one that is in the bin or gone. groups: of a user's id, with whether the user is in it.
    lost: groups that are gone.
    """

    users: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    groups: dict[str, dict[str, bool]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)

    def differs(
        self, graph: Graph, remote: str, wish: ServiceAccount | None, due: frozenset[str], ours: frozenset[str]
    ) -> bool:
        """Whether the person's object is otherwise than it must be, as far as it has been seen. due: groups that it
        must be in; ours: all those that are kept from here."""
        if wish is None:
            return False
        if remote in self.users:
            found = self.users[remote]
            if found is None or payloads.differing(found, wish, graph.options):
                return True
            has = {str(each.get("skuId")) for each in found.get("assignedLicenses") or []}
            if graph.options.licence(wish.licence) not in has:
                return True
        return any(is_in != (group in due) for group, is_in in self.groups.get(remote, {}).items() if group in ours)


def compare(graph: Graph, links: Mapping[str, str]) -> Seen:
    """Reads both deltas to their ends. Raises ServiceAway and ServiceBusy."""
    seen = Seen()
    for page in _pages(graph, links.get("users") or _USERS, "users", seen):
        for each in page:
            id_ = str(each["id"])
            seen.users[id_] = None if "@removed" in each else {**(seen.users.get(id_) or {}), **each}
    for page in _pages(graph, links.get("groups") or _GROUPS, "groups", seen):
        for each in page:
            _see_group(seen, str(each["id"]), each)
    return seen


def _see_group(seen: Seen, id_: str, each: Mapping[str, Any]) -> None:
    if "@removed" in each:
        seen.lost.add(id_)
        return
    for member in each.get("members@delta") or []:
        seen.groups.setdefault(str(member["id"]), {})[id_] = "@removed" not in member


def _pages(graph: Graph, link: str, name: str, seen: Seen) -> Iterator[list[Mapping[str, Any]]]:
    while link:
        answer = graph.page(link)
        yield list(answer.get("value") or [])
        if done := answer.get("@odata.deltaLink"):
            seen.links[name] = str(done)
        link = str(answer.get("@odata.nextLink") or "")
