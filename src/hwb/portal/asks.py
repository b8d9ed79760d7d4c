"""What an answer offers to do about it (ux.md B12 and B15): telling a school, passing on, being told.

Each is a message with fixed words and no name: who reads it signs in to see more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404

from hwb import clock
from hwb.directory.queries import roles
from hwb.lifecycle.explain import Explanation, Owner
from hwb.lifecycle.explain_facts import LearnerFacts, SchoolSeen, StaffFacts
from hwb.operations import messages
from hwb.operations.messages import Looked, MessageRefused, Told
from hwb.portal.provisioning import TOLD
from hwb.web import banner
from hwb.web.frame import name_in_language
from hwb.web.page import PageRequest
from hwb.web.policy import Role, Scope
from hwb.web.words import N_, Text

#: Codes that an arrival ends, so that there is something to be told of.
_MAY_ARRIVE = frozenset({
    "LX02", "LX03", "LX04", "LX05", "LX06", "LX07", "LX08", "LX09", "LX10", "LX11", "LX12", "LX16", "LX23", "LX27",
})  # fmt: skip
_MAY_BEGIN = frozenset({"SX01", "SX02", "SX03", "SX04", "SX05", "SX06", "SX13", "LX12", "LX16"})
_OTHERS = {
    Owner.PREVIOUS_SCHOOL: N_("Tell the school that somebody waits:"),
    Owner.PREVIOUS_CLIENT_MANAGER: N_("Tell whoever runs the school's client:"),
}
_MOST = 10
_SAID = {
    Told.TOLD: N_("We have told the school that learners wait for its data."),
    Told.BEFORE: N_("The school has been told of it today already."),
    Told.NOBODY_WAITS: N_(
        "Nobody was told: nobody waits yet. The wait begins with your next run that has the learner."
    ),
    Told.NO_READER: N_("Nobody was told: that school has nobody who reads our messages. Ask your local authority."),
}
_WE_TELL_YOU = N_("We will tell you when this changes.")


@dataclass(frozen=True, slots=True)
class Tell:
    """Another school that can be told. words: what the button says before its name."""

    school: str
    words: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Somebody to whom the task can be passed."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Asks:
    """What is offered. watchable: marks of those whose arrival can be told; watched: whether all of them are."""

    address: str
    tells: tuple[Tell, ...]
    passes: tuple[Pass, ...]
    codes: str
    count: int
    watchable: tuple[str, ...]
    watched: bool
    runner: bool

    @property
    def others(self) -> bool:
        """Whether somebody else can be told."""
        return bool(self.tells or self.passes or self.runner)

    def __bool__(self) -> bool:
        return bool(self.others or self.watchable)


def of_learners(request: PageRequest, where: str, found: Sequence[tuple[Explanation, LearnerFacts]]) -> Asks:
    """What can be done about these learners, whose answers the reader sees. where: to what the buttons lead."""
    tells: dict[str, Tell] = {}
    for answer, facts in found:
        if answer.owner in _OTHERS and facts.holder is not None and not facts.protected:
            tells.setdefault(facts.holder.dfes, _tell(facts.holder, _OTHERS[answer.owner]))
    watchable = tuple(facts.upn for answer, facts in found if answer.code in _MAY_ARRIVE and _is_away(facts))
    return _asks(
        request, where, [answer for answer, _ in found],
        tuple(tells.values())[:_MOST], watchable,
    )  # fmt: skip


def of_staff(request: PageRequest, where: str, found: Explanation, facts: StaffFacts) -> Asks:
    """What can be done about one member of staff."""
    away = not facts.protected and (facts.member is None or facts.member.account is None)
    marks = _marks(facts) if away and found.code in _MAY_BEGIN else ()
    return _asks(request, where, [found], (), marks)


def do(request: PageRequest, dfes: str, asks: Asks, looked: Looked) -> None:
    """Does what was asked by a button of the answer; 404 for what is not offered."""
    act, _, whom = request.POST.get("act", "").partition(":")
    account, now = request.person.account, clock.now()
    said: list[str] = []
    if act == "tell" and whom in {tell.school for tell in asks.tells}:
        said.append(_SAID[messages.tell_school(school=whom, asking=dfes, acting_user=f"account {account}", now=now)])
    elif act == "pass" and whom in {one.account for one in asks.passes}:
        said.append(_pass(request, dfes, asks, looked, UUID(whom), now))
    elif act == "runner" and asks.runner:
        told = messages.tell_runner(school=dfes, acting_account=account, acting_user=f"account {account}", now=now)
        said.append(TOLD[told])
    elif act == "unwatch" and asks.watchable:
        messages.unwatch(account=account, school=dfes, people=asks.watchable)
        said.append(N_("You will not be told of it."))
    elif act != "watch" or not asks.watchable:
        raise Http404
    if asks.watchable and (act == "watch" or request.POST.get("watch")) and act != "unwatch":
        messages.watch(account=account, school=dfes, people=asks.watchable, now=now)
        said.append(_WE_TELL_YOU)
    banner.put(request, *map(Text, said))


def _pass(request: PageRequest, dfes: str, asks: Asks, looked: Looked, to: UUID, now: datetime) -> str:
    try:
        written = messages.pass_on(
            school=dfes, to=to, count=asks.count, task=asks.codes, acting_account=request.person.account,
            acting_user=f"account {request.person.account}", now=now, looked=looked,
        )  # fmt: skip
    except MessageRefused as refused:
        return refused.text.message
    return N_("The task was passed on by e-mail.") if written else N_("This person was told of it today already.")


def looked_at(kind: str, content: dict[str, Any]) -> Looked:
    """The search as it is passed on: whoever gets it looks for themselves, and that is recorded as theirs."""
    passed = {name: value for name, value in content.items() if name != "recorded"}
    return Looked(kind, passed, datetime.now(UTC))


def _asks(
    request: PageRequest, where: str, found: Sequence[Explanation], tells: tuple[Tell, ...], watchable: tuple[str, ...]
) -> Asks:
    if request.access.scope is not Scope.SCHOOL:  # support acts in a case, not as the school
        return Asks(where, (), (), "", 0, (), watched=False, runner=False)
    mine = [answer.code for answer in found if answer.owner is Owner.MIS_ADMINISTRATOR]
    watched = messages.watched(account=request.person.account, school=request.access.school, people=watchable)
    return Asks(
        where, tells, _administrators(request) if mine else (), " ".join(sorted(set(mine))), len(mine), watchable,
        watched=bool(watchable) and len(watched) == len(set(watchable)),
        runner=any(answer.owner is Owner.CLIENT_MANAGER for answer in found),
    )  # fmt: skip


def _administrators(request: PageRequest) -> tuple[Pass, ...]:
    """The school's MIS administrators, without the reader."""
    school = request.access.school
    return tuple(
        Pass(str(row.account), row.name)
        for row in roles.granted(today=clock.today(), school=school)
        if row.role == Role.MIS_ADMIN and row.school == school and row.account != request.person.account
    )[:_MOST]


def _tell(school: SchoolSeen, words: str) -> Tell:
    name, language = name_in_language(school.name.en, school.name.cy)
    return Tell(school.dfes, words, name or school.dfes, language)


def _is_away(facts: LearnerFacts) -> bool:
    account = facts.learner.account
    return not facts.protected and (account is None or account.holder != facts.school.dfes)


def _marks(facts: StaffFacts) -> tuple[str, ...]:
    """By what a member of staff will be known again: the staff code, else the whole name."""
    record = facts.member.entry.record if facts.member is not None else None
    codes = {record.staff_code} if record is not None else {one.staff_code for one in facts.refusals}
    codes.discard("")
    if len(codes) == 1 and len(facts.refusals) < 2:
        return (messages.staff_code(codes.pop()),)
    if record is not None:
        name = messages.staff_name(f"{record.legal_forename} {record.legal_surname}")
    elif len(facts.refusals) == 1:
        name = messages.staff_name(f"{facts.refusals[0].forename} {facts.refusals[0].surname}")
    else:
        name = messages.staff_name(facts.asked)
    return (name,) if name else ()
