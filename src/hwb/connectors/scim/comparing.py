"""What a SCIM service has, page by page, for the nightly comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hwb.connectors.answers import ServiceAway
from hwb.connectors.scim import payloads
from hwb.connectors.scim.payloads import Teller
from hwb.connectors.scim.service import Service
from hwb.lifecycle.service_accounts import ServiceAccount

#: Users asked for at once, and the pages at most: a service that pages without end is away.
COUNT, MOST = 200, 20_000


def each_user(service: Service) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Every user, a page at a time, by id. Raises ServiceAway and ServiceBusy."""
    yield from _pages(service, "/Users")


def each_group(service: Service) -> Iterator[dict[str, frozenset[str]]]:
    """Every group with the ids of its members, a page at a time. Raises ServiceAway and ServiceBusy."""
    for page in _pages(service, "/Groups"):
        yield {
            id_: frozenset(str(one.get("value")) for one in each.get("members") or [] if isinstance(one, dict))
            for id_, each in page.items()
        }


def differs(
    page: Mapping[str, Mapping[str, Any]], teller: Teller, identifier: Callable[[str], str]
) -> Callable[[str, ServiceAccount | None, frozenset[str], frozenset[str]], bool]:
    """Whether a user of the page is otherwise than it must be; identifier: of an account, as the service knows it."""

    def asked(remote: str, wish: ServiceAccount | None, _due: frozenset[str], _ours: frozenset[str]) -> bool:
        if wish is None:
            return False
        told = teller.user(wish, identifier(wish.account)) if wish.enabled else {"active": False}
        return bool(payloads.differing(page[remote], told))

    return asked


def _pages(service: Service, place: str) -> Iterator[dict[str, Mapping[str, Any]]]:
    start = 1
    for _ in range(MOST):
        answer = service.ask("GET", place, startIndex=start, count=COUNT)
        if answer.status != 200:
            raise ServiceAway(f"answered {answer.status} about a list")
        found = {str(one["id"]): one for one in answer.resources if "id" in one}
        if found:
            yield found
        start += len(answer.resources)
        total = answer.body.get("totalResults")
        if not answer.resources or not isinstance(total, int) or start > total:
            return
    raise ServiceAway("pages without end")
