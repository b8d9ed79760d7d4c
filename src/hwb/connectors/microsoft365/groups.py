"""Groups of schools, year groups and classes: found by their name, or made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hwb.connectors.answers import ServiceAway, ServiceBusy
from hwb.connectors.microsoft365 import payloads
from hwb.connectors.microsoft365.graph import IN_BATCH, Graph, Request, Response


def find_or_make(graph: Graph, missing: Mapping[str, str], found: dict[str, str]) -> None:
    """Puts Graph's id of each group into ``found``, by key; ``missing`` has their titles.

    A group that Graph refuses is left out. Raises ServiceAway and ServiceBusy; what was found or made before is in
    ``found`` then, and must be kept: Graph would make a second group of the name.
    """
    for key, answer in _all(graph, {key: payloads.group_named(key) for key in missing}):
        for group in answer.body.get("value") or []:
            found.setdefault(key, str(group["id"]))
    wishes = {key: payloads.making_group(key, title) for key, title in missing.items() if key not in found}
    for key, answer in _all(graph, wishes):
        if "id" in answer.body:
            found[key] = str(answer.body["id"])


def _all(graph: Graph, requests: Mapping[str, Request]) -> Iterator[tuple[str, Response]]:
    keys = list(requests)
    for start in range(0, len(keys), IN_BATCH):
        part = keys[start : start + IN_BATCH]
        trouble: Exception | None = None
        for key, answer in zip(part, graph.batch([requests[key] for key in part]), strict=True):
            if answer.status in (200, 201):
                yield key, answer
            elif answer.wait or answer.status == 429:
                trouble = ServiceBusy(answer.wait)
            elif answer.status != 400:
                trouble = trouble or ServiceAway(f"answered {answer.status} about a group")
        if trouble is not None:
            raise trouble
