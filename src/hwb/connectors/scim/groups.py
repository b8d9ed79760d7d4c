"""Groups of schools, year groups and classes at a SCIM service: found by our name of them, or made; and who is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hwb.connectors.answers import ServiceAway
from hwb.connectors.scim.payloads import GROUP, patch
from hwb.connectors.scim.service import Answer, Service


def find_or_make(
    service: Service, missing: Mapping[str, str], found: dict[str, str], *, in_time: Callable[[], bool]
) -> None:  # fmt: skip
    """Puts the service's id of each group into ``found``, by key; ``missing`` has their titles.

    A group that the service refuses is left out, and all that it is no longer ``in_time`` for. Raises ServiceAway and
    ServiceBusy; what was found or made before is in ``found`` then, and must be kept: the service would make a second
    group of the name.
    """
    with service.turn.lasting(in_time):
        for key, title in missing.items():
            remote = _search(service, "externalId", key, key) or _make(service, key, title)
            if remote:
                found[key] = remote


def change(service: Service, group: str, remote: str, *, joins: bool) -> Answer:
    """Puts a user into a group, or takes one out. What is so already stays."""
    place = f"/Groups/{group}"
    if service.patches:
        if joins:
            operation: dict[str, Any] = {"op": "add", "path": "members", "value": [{"value": remote}]}
        else:
            operation = {"op": "remove", "path": f'members[value eq "{remote}"]'}
        return service.ask("PATCH", place, patch(operation))
    answer = service.ask("GET", place)
    if answer.status != 200:
        return answer
    others = [one for one in answer.body.get("members") or [] if one.get("value") != remote]
    members = [*others, {"value": remote}] if joins else others
    whole = {name: value for name, value in answer.body.items() if name not in ("meta", "members")}
    return service.ask("PUT", place, {**whole, "members": members})


def _make(service: Service, key: str, title: str) -> str:
    body: dict[str, Any] = {"schemas": [GROUP], "externalId": key, "displayName": title[:256]}
    answer = service.ask("POST", "/Groups", body)
    if answer.status == 201:
        return str(answer.body.get("id") or "")
    if answer.status == 409:  # by an earlier try, at a service that forgets our name of it
        return _search(service, "displayName", body["displayName"], key)
    if answer.status >= 500:
        raise ServiceAway(f"answered {answer.status} about a group")
    return ""


def _search(service: Service, attribute: str, value: str, key: str) -> str:
    """Nobody else's: one that bears another name of its own."""
    if not service.filters:
        return ""
    written = value.replace("\\", "\\\\").replace('"', '\\"')
    asked = {"filter": f'{attribute} eq "{written}"', "excludedAttributes": "members"}
    answer = service.ask("GET", "/Groups", **asked)
    if answer.status >= 500:  # not found is another thing: a second group would be made
        raise ServiceAway(f"answered {answer.status} about a group")
    for each in answer.resources:
        if str(each.get(attribute, "")).casefold() == value.casefold() and each.get("externalId", key) == key:
            return str(each.get("id") or "")
    return ""
