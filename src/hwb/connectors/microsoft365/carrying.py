"""Carrying accounts over: each account is a conversation with Graph, and twenty conversations go in one batch.

Every step looks first and does the difference, so that one done twice, or half, is made good by the next try.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from hwb.connectors.answers import ServiceBusy
from hwb.connectors.microsoft365 import payloads
from hwb.connectors.microsoft365.graph import IN_BATCH, Graph, Options, Request, Response
from hwb.lifecycle.service_accounts import Carried, Group, NotCarried, Outcome, PutBack, ServiceAccount, State, Waiting

#: What our groups are called begins so; of all others nothing is changed.
OURS = "hwb-"
_Talk = Generator[Request, Response, Outcome]
_Part = Generator[Request, Response, Any]


class _Refused(Exception):
    """Graph refused a step of this account."""

    def __init__(self, failure: str, remote: str = "") -> None:
        super().__init__(failure)
        self.failure, self.remote = failure, remote


def carry(
    graph: Graph, waiting: Sequence[Waiting], groups: Mapping[Group, str], *, in_time: Callable[[], bool],
    settle: Callable[[list[Outcome]], object],
) -> None:  # fmt: skip
    """Carries all over, and hands outcomes to ``settle`` as they come. What is left when it is no longer ``in_time``,
    or Graph asks for patience (ServiceBusy is raised), or is away (ServiceAway), the caller puts back.
    """
    talks = {each.account: _talk(each, groups, graph.options) for each in waiting}
    asked: dict[str, Request] = {account: next(talk) for account, talk in talks.items()}
    while asked and in_time():
        now = dict(list(asked.items())[:IN_BATCH])
        busy = 0.0
        outcomes: list[Outcome] = []
        for account, response in zip(now, graph.batch(list(now.values())), strict=True):
            del asked[account]
            if response.wait or response.status == 429:
                busy = max(busy, response.wait)
                outcomes.append(PutBack(account))
                continue
            try:
                asked[account] = talks[account].send(response)
            except StopIteration as ended:
                outcomes.append(ended.value)
        if outcomes:
            settle(outcomes)
        if busy:
            raise ServiceBusy(busy)


def _talk(waiting: Waiting, groups: Mapping[Group, str], options: Options) -> _Talk:
    try:
        return (yield from _follow(waiting, groups, options))
    except _Refused as refused:
        return NotCarried(waiting.account, refused.remote or waiting.remote, refused.failure)
    except (AttributeError, KeyError, TypeError, ValueError):  # an answer of another shape hits this account alone
        return NotCarried(waiting.account, waiting.remote, "broken")


def _follow(waiting: Waiting, groups: Mapping[Group, str], options: Options) -> _Talk:
    wish = waiting.wanted
    found = yield from _find(waiting)
    if wish is None or (found is None and not wish.made):
        if wish is not None and waiting.may_be_there:
            raise _Refused("not_there_yet", waiting.remote)
        return Carried(waiting.account, "", State.NONE)
    if found is None:
        found = yield from _make(waiting, wish, options)
    remote = str(found["id"])
    try:
        was_open = bool(found.get("accountEnabled"))
        if values := payloads.differing(found, wish, options):
            yield from _done(payloads.changing(remote, values), remote)
        if not wish.enabled and (was_open or not waiting.ended):
            yield from _done(payloads.shutting_out(remote), remote)
        yield from _license(found, remote, wish, options)
        yield from _join(remote, {groups[group] for group in wish.groups if group in groups}, options)
    except _Refused as refused:
        raise _Refused(refused.failure, remote) from None
    if wish.groups - groups.keys():
        raise _Refused("no_group", remote)
    return Carried(waiting.account, remote, State.READY if wish.enabled else State.ENDED)


def _find(waiting: Waiting) -> _Part:
    """The person's object: by its own id, out of the bin if somebody threw it there, else by the identifier."""
    if waiting.remote:
        answer = yield payloads.user(waiting.remote)
        if answer.status == 200:
            return answer.body
        if answer.status != 404:
            raise _refusal(answer)
        answer = yield payloads.restoring(waiting.remote)
        if answer.status == 200:
            answer = yield payloads.user(waiting.remote)
            if answer.status != 200:
                raise _refusal(answer, waiting.remote)
            return answer.body
        if answer.status not in (400, 404):
            raise _refusal(answer, waiting.remote)
    answer = yield payloads.user_known_as(waiting.identifier)
    if answer.status != 200:
        raise _refusal(answer)
    found = answer.body.get("value") or []
    return found[0] if found else None


def _make(waiting: Waiting, wish: ServiceAccount, options: Options) -> _Part:
    """A new object. Where the address is taken, it may be by the one that an earlier try has made (F5)."""
    answer = yield payloads.making(waiting, wish, options)
    if answer.status == 201:
        return {**answer.body, "accountEnabled": True, **payloads.properties(wish, options)}
    if answer.status != 400 or not _is_conflict(answer):
        raise _refusal(answer)
    answer = yield payloads.user(wish.address)
    if answer.status != 200:
        raise _refusal(answer)
    if answer.body.get("onPremisesImmutableId") != waiting.identifier:
        raise _Refused("address_taken")
    return answer.body


def _license(found: Mapping[str, Any], remote: str, wish: ServiceAccount, options: Options) -> _Part:
    """The licence of the kind; it stays with whoever left, because mailbox and files end with it (R11, R38)."""
    has = {str(each.get("skuId")) for each in found.get("assignedLicenses") or []}
    due = options.licence(wish.licence)
    others = {options.learner_licence, options.staff_licence} - {due}
    if due in has and not others & has:
        return
    answer = yield payloads.licensing(remote, [] if due in has else [due], sorted(others & has))
    if answer.status != 200:
        raise _Refused("no_licence", remote) if answer.status == 400 else _refusal(answer, remote)


def _join(remote: str, due: set[str], options: Options) -> _Part:
    """Into the groups that the account must be in, and out of our others."""
    answer = yield payloads.groups_of(remote)
    if answer.status != 200:
        raise _refusal(answer, remote)
    ours = {str(g["id"]) for g in answer.body.get("value") or [] if str(g.get("mailNickname") or "").startswith(OURS)}
    for group in sorted(ours - due):
        answer = yield payloads.leaving(group, remote)
        if answer.status not in (204, 404):  # it is out already
            raise _refusal(answer, remote)
    for group in sorted(due - ours):
        answer = yield payloads.joining(group, remote, options)
        if answer.status != 204 and not (answer.status == 400 and "already exist" in answer.message):
            raise _refusal(answer, remote)


def _done(request: Request, remote: str) -> _Part:
    answer = yield request
    if answer.status not in (200, 204):
        if answer.status == 400 and _is_conflict(answer):
            raise _Refused("address_taken", remote)
        raise _refusal(answer, remote)


def _is_conflict(answer: Response) -> bool:
    return "already exist" in answer.message or "same value for property" in answer.message


def _refusal(answer: Response, remote: str = "") -> _Refused:
    if answer.status == 404:
        return _Refused("not_there_yet", remote)
    return _Refused("broken" if answer.status >= 500 else "refused", remote)
