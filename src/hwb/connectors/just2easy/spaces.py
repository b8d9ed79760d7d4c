"""Spaces follow the account: each person is looked up, and what differs is done; twice done, it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwb.connectors.answers import ServiceAway
from hwb.connectors.just2easy.adapter import Adapter
from hwb.lifecycle.service_accounts import Carried, Group, NotCarried, Outcome, ServiceAccount, State, Waiting
from hwb.lifecycle.work_spaces import Access

_PAGE = 500
#: Method, path below the person's, and body.
_Step = tuple[str, str, Mapping[str, Any] | None]


class _Refused(Exception):
    """The adapter refused a step of this account."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A space as it stands there."""

    is_open: bool
    access: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PageSeen:
    """One page of everybody there."""

    people: Mapping[str, Mapping[str, Any]]
    between: tuple[str, str | None]
    group_ids: frozenset[str] = frozenset()
    lost_groups: frozenset[str] = frozenset()

    @property
    def remotes(self) -> frozenset[str]:
        """Whom it tells of."""
        return frozenset(self.people)

    def differs(self, remote: str, wish: ServiceAccount | None, due: frozenset[str], ours: frozenset[str]) -> bool:
        """Whether the person, or a space of theirs, is otherwise than it must be."""
        del due, ours
        if wish is None:
            return False
        found = self.people.get(remote)
        if found is None:
            return wish.made
        try:
            return _differs(found, _person(wish, found)) or any(_steps(found, wish))
        except (AttributeError, KeyError, TypeError):  # told in another shape: looked at by itself
            return True


class Spaces:
    """The service that keeps work by school (hwb.connectors.service)."""

    has_groups = False

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def check(self) -> None:
        """Asks for a page of people."""
        self._page("", 1)

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        """There are no groups."""

    def carry(
        self, waiting: Sequence[Waiting], groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        """One after the other."""
        del groups
        with self._adapter.turn.lasting(in_time):
            for each in waiting:
                settle([self._outcome(each)])

    def _outcome(self, waiting: Waiting) -> Outcome:
        try:
            return self._follow(waiting)
        except _Refused as refused:
            return NotCarried(waiting.account, waiting.remote, str(refused))
        except (AttributeError, KeyError, TypeError):  # an answer of another shape hits this account alone
            return NotCarried(waiting.account, waiting.remote, "broken")

    def compare(self, links: dict[str, str]) -> Iterator[PageSeen]:
        """Everybody there, each night anew."""
        del links
        after, more = "", True
        while more:
            people, more = self._page(after, _PAGE)
            last = max(people, default=None) if more else None
            if more and (last is None or last <= after):
                raise ServiceAway("answered a list without an end")
            yield PageSeen(people, (after, last))
            after = last or ""

    def _page(self, after: str, limit: int) -> tuple[dict[str, Mapping[str, Any]], bool]:
        answer = self._adapter.ask("GET", "/people", query={"after": after, "limit": str(limit)})
        try:
            if answer.status != 200:
                raise ServiceAway(f"answered {answer.status} about everybody")
            return {str(each["person"]): each for each in answer.body["people"]}, bool(answer.body["more"])
        except (KeyError, TypeError) as error:
            raise ServiceAway("answered a list that is none") from error

    def _follow(self, waiting: Waiting) -> Outcome:
        wish, where = waiting.wanted, f"/people/{waiting.identifier}"
        found = self._adapter.ask("GET", where)
        if found.status not in (200, 404):
            raise _refusal(found.status)
        if wish is None:
            return Carried(waiting.account, "", State.NONE)
        if found.status == 404 and not wish.made:  # a change of ours that was lost may land yet: compared each night
            may_come = waiting.remote or waiting.touched
            return Carried(waiting.account, waiting.identifier if may_come else "", State.NONE)
        there = found.body if found.status == 200 else {"spaces": ()}
        person = _person(wish, there)
        told: list[_Step] = [("PUT", "", person)] if _differs(there, person) else []
        if not wish.enabled:
            self._take(where, told)  # before anything that may be refused (R40)
            told = []
        shut, opened = _steps(there, wish)
        self._take(where, [*shut, *told, *opened])  # what is not theirs any more first (R41)
        return Carried(waiting.account, waiting.identifier, State.READY if wish.enabled else State.ENDED)

    def _take(self, where: str, steps: Sequence[_Step]) -> None:
        """One after the other. What they are answered with says nothing: the contract promises a status alone."""
        for method, path, body in steps:
            answer = self._adapter.ask(method, f"{where}{path}", body=body)
            if answer.status == 404 and path.endswith("/access"):
                raise _Refused("no_space")
            if not answer.is_done:
                raise _refusal(answer.status)


def _person(wish: ServiceAccount, there: Mapping[str, Any]) -> dict[str, Any]:
    """What must be told. Of who is out nothing is changed but that: a name that is refused must keep nobody in."""
    told = {"name": wish.name or wish.address, "address": wish.address, "kind": wish.licence}
    if not wish.enabled:
        told = {name: there.get(name) or value for name, value in told.items()}
    return {**told, "active": wish.enabled}


def _differs(there: Mapping[str, Any], person: Mapping[str, Any]) -> bool:
    return any(there.get(name) != value for name, value in person.items())


def _steps(there: Mapping[str, Any], wish: ServiceAccount) -> tuple[list[_Step], list[_Step]]:
    """What must be done about spaces: to shut, and to open, what the service may refuse last. KeyError where no spaces
    are told."""
    stand = {str(each["school"]): Standing(bool(each["open"]), each["access"]) for each in there["spaces"]}
    due = {space.school: space for space in wish.spaces}
    shut, opened, lent = list[_Step](), list[_Step](), list[_Step]()
    for school, has in sorted(stand.items()):
        space = due.get(school)
        if has.is_open and (space is None or not space.is_open):
            shut.append(("PUT", f"/spaces/{school}", {"open": False}))
        if has.access is not None and (space is None or space.is_open):
            shut.append(("DELETE", f"/spaces/{school}/access", None))
    for school, space in sorted(due.items()):
        has_ = stand.get(school)
        if space.is_open and (has_ is None or not has_.is_open):
            opened.append(("PUT", f"/spaces/{school}", {"open": True}))
        if space.access is not None and (has_ is None or has_.access != _written(space.access)):
            lent.append(("PUT", f"/spaces/{school}/access", _written(space.access)))
    return shut, [*opened, *lent]


def _written(access: Access) -> dict[str, Any]:
    return {"from": access.first.isoformat(), "until": access.last.isoformat(), "copy": access.copy}


def _refusal(status: int) -> _Refused:
    return _Refused("broken" if status >= 500 else "refused")
