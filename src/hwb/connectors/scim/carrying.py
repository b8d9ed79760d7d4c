"""Carrying accounts over to a SCIM service, one after the other.

Every step looks first and does the difference, so that one done twice, or half, is made good by the next try. Of who is
out nothing is told but that: whatever a later school says of them stays with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hwb.connectors.scim import groups as membership
from hwb.connectors.scim import payloads
from hwb.connectors.scim.payloads import Teller
from hwb.connectors.scim.service import Answer, Service
from hwb.lifecycle.service_accounts import (
    MAYBE,
    Carried,
    Group,
    NotCarried,
    Outcome,
    ServiceAccount,
    State,
    Waiting,
    key_of,
)


class _Refused(Exception):
    """The service refused a step of this account."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def carry(
    service: Service, waiting: Sequence[Waiting], groups: Mapping[Group, str], *, scopes: frozenset[str],
    known: Callable[[frozenset[str]], Mapping[str, str]], in_time: Callable[[], bool],
    settle: Callable[[list[Outcome]], object],
) -> None:  # fmt: skip
    """Carries all over, and hands outcomes to ``settle`` as they come. What is left when it is no longer ``in_time``,
    or the service asks for patience (ServiceBusy is raised), or is away (ServiceAway), the caller puts back.

    known: the service's ids of groups that accounts were put into before, by key.
    """
    with service.turn.lasting(in_time):
        for each in waiting:
            settle([_Talk(service, each, groups, scopes, known).follow()])


class _Talk:
    """One account's."""

    def __init__(
        self, service: Service, waiting: Waiting, groups: Mapping[Group, str], scopes: frozenset[str],
        known: Callable[[frozenset[str]], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self._service, self._waiting, self._groups, self._known = service, waiting, groups, known
        self._scopes, self._remote = scopes, waiting.remote

    def follow(self) -> Outcome:
        try:
            return self._follow()
        except _Refused as refused:
            return NotCarried(self._waiting.account, self._remote, refused.failure)
        except (AttributeError, KeyError, TypeError, ValueError):  # an answer of another shape hits this account alone
            return NotCarried(self._waiting.account, self._remote, "broken")

    def _follow(self) -> Outcome:
        waiting, wish = self._waiting, self._waiting.wanted
        if wish is None or (not wish.made and not waiting.remote and not waiting.touched):
            return Carried(waiting.account, "", State.NONE)
        found = self._find()
        if found is None and not wish.made:
            if waiting.may_be_there:
                raise _Refused("not_there_yet")
            return Carried(waiting.account, "", State.NONE, frozenset())
        inside = waiting.groups if found is not None else frozenset()  # a new object is in none
        if found is not None and wish.enabled:  # what is not theirs any more first: a name may be refused
            self._remote = str(found["id"])
            self._leave(inside, wish)
        found = self._make(wish) if found is None else self._mend(found, wish)
        self._remote = str(found["id"])
        if not wish.enabled:
            self._leave(inside, wish)
        keys = self._join(wish, inside)
        if wish.groups - self._groups.keys():
            raise _Refused("no_group")
        return Carried(waiting.account, self._remote, State.READY if wish.enabled else State.ENDED, keys)

    def _find(self) -> Mapping[str, Any] | None:
        """The person's object: by the service's own id, else by the identifier that we gave it."""
        if self._remote:
            answer = self._service.ask("GET", f"/Users/{self._remote}")
            if answer.status == 200:
                return answer.body
            if answer.status != 404:
                raise _refusal(answer)
        if not self._service.filters or not (self._remote or self._waiting.touched):
            return None
        return self._search("externalId", self._waiting.identifier)

    def _search(self, attribute: str, value: str) -> Mapping[str, Any] | None:
        answer = self._service.ask("GET", "/Users", filter=f'{attribute} eq "{value}"')
        if answer.status not in (200, 404):
            raise _refusal(answer)
        ours = [one for one in answer.resources if one.get("externalId") == self._waiting.identifier]
        return ours[0] if ours else None

    def _teller(self) -> Teller:
        return Teller(self._scopes, self._service.extensions)

    def _make(self, wish: ServiceAccount) -> Mapping[str, Any]:
        """A new object. Where its name is taken, it may be by the one that an earlier try has made (F5)."""
        told = self._teller().user(wish, self._waiting.identifier)
        answer = self._service.ask("POST", "/Users", payloads.making(told))
        if answer.status == 201:
            return answer.body
        if answer.status != 409:
            raise _refusal(answer)
        found = self._search("userName", told["userName"]) if self._service.filters else None
        if found is None:
            raise _Refused("address_taken")
        return self._mend(found, wish)

    def _mend(self, found: Mapping[str, Any], wish: ServiceAccount) -> Mapping[str, Any]:
        """Of who is out nothing else is changed."""
        self._remote = str(found["id"])
        told = self._teller().user(wish, self._waiting.identifier) if wish.enabled else {"active": False}
        paths = payloads.differing(found, told)
        if not paths:
            return found
        place = f"/Users/{self._remote}"
        if self._service.patches:
            answer = self._service.ask("PATCH", place, payloads.patching(paths))
        else:
            answer = self._service.ask("PUT", place, payloads.replacing(found, told))
        if answer.status == 409:
            raise _Refused("address_taken")
        if answer.status not in (200, 204):
            raise _refusal(answer)
        return found

    def _leave(self, inside: frozenset[str], wish: ServiceAccount) -> None:
        """Out of those of our groups that the account must not be in."""
        left = frozenset(key.removeprefix(MAYBE) for key in inside) - self._due(wish).keys()
        for _, group in sorted((self._known(left) if left else {}).items()):
            answer = membership.change(self._service, group, self._remote, joins=False)
            if answer.status not in (200, 204, 400, 404):  # it is out already
                raise _refusal(answer)

    def _join(self, wish: ServiceAccount, inside: frozenset[str]) -> frozenset[str]:
        """Into the groups that the account must be in."""
        due = self._due(wish)
        for group in (remote for key, remote in sorted(due.items()) if key not in inside):
            answer = membership.change(self._service, group, self._remote, joins=True)
            if answer.status not in (200, 204):
                raise _refusal(answer)
        return frozenset(due)

    def _due(self, wish: ServiceAccount) -> dict[str, str]:
        """The groups that it must be in and that are there, by key."""
        return {key_of(group): remote for group, remote in self._groups.items() if group in wish.groups}


def _refusal(answer: Answer) -> _Refused:
    if answer.status == 404:
        return _Refused("not_there_yet")
    return _Refused("broken" if answer.status >= 500 else "refused")
