"""E4: support's cases, of the desk and of account moves in one queue. What should I do next?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import consolidation as moves
from hwb.directory.queries import desk as rows
from hwb.directory.queries import earlier_work
from hwb.directory.queries.consolidation import Case
from hwb.directory.queries.desk import DeskCase
from hwb.directory.queries.earlier_work import WorkRow
from hwb.lifecycle import consolidation as rules
from hwb.lifecycle import desk as desk_rules
from hwb.lifecycle.consolidation import Status
from hwb.lifecycle.desk import Kind, State
from hwb.lifecycle.earlier_work import Standing
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused
from hwb.operations.desk import cases as desk
from hwb.operations.desk.refusals import DeskRefused
from hwb.web import banner
from hwb.web.desk_words import KINDS, LANGUAGES, MOVE, STATES, WORK
from hwb.web.frame import name_in_language, show
from hwb.web.lists import Filter, FilterBox, Listing, titled
from hwb.web.move_words import STATUS, school_name
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, ngettext, say
from hwb.web.work_words import STANDING
from hwb.web.work_words import named as work_school

_VIEWS = {
    "mine": N_("Mine"), "unassigned": N_("Unassigned"), "ready": N_("Ready to do"), "waiting": N_("Waiting"),
    "today": N_("Due today"), "done": N_("Done"),
}  # fmt: skip
_COLUMNS = {
    "reference": N_("Reference"), "kind": N_("Kind"), "about": N_("About"), "school": N_("School"),
    "status": N_("Status"), "opened": N_("Opened"), "due": N_("Due"), "owner": N_("Owner"), "language": N_("Language"),
}  # fmt: skip
_READY = frozenset({Status.READY, Status.SECOND_CHECK, Status.TO_CHECK, Status.WAITING_PROOF})


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the queue, whatever its kind. is_ready: an agent can do something now. elsewhere: its address, where
    it is not the one that all cases have."""

    number: int
    kind: str
    about: str
    school: tuple[str, str]
    status: str
    is_ready: bool
    opened: date
    due: date
    owner: UUID | None
    owner_name: str
    language: str
    elsewhere: str = ""

    @property
    def address(self) -> str:
        return self.elsewhere or case_address(self.number)

    @property
    def reference(self) -> str:
        return f"HW-{self.number}"


@page(Action.SEE_CASES)
def cases(request: PageRequest) -> HttpResponse:
    """The list by view, due soonest first; people by their initials only."""
    listing = Listing.of(request, filters=("view", "kind", "language"), sorts=("due", "opened", "reference"))
    view, kind, language = (listing.filters[name] for name in ("view", "kind", "language"))
    every = queue(request, is_open=view != "done")
    found = [line for line in every if _fits(view, request)(line)]
    found = [line for line in found if kind in ("", line.kind) and language in ("", line.language)]
    found.sort(key=_SORTS[listing.sort], reverse=listing.descending)
    paging = listing.paging(len(found))
    box = FilterBox(listing, (
        Filter("view", N_("View"), [(key, say(text)) for key, text in _VIEWS.items()]),
        Filter("kind", N_("Kind"), [(key, say(text)) for key, text in _kinds().items()]),
        Filter("language", N_("Language"), [(key, say(text)) for key, text in LANGUAGES.items()]),
    ))  # fmt: skip
    unassigned = sum(line.owner is None for line in every) if view != "done" else 0
    return show(
        request, "portal/cases.html", title=titled(Text(N_("Cases")), len(found)), section="cases",
        lines=[_said(line) for line in found[paging.offset : paging.last]], columns=_COLUMNS, listing=listing,
        paging=paging, box=box, next=say(ngettext("Unassigned: {count}", "Unassigned: {count}", unassigned)),
    )  # fmt: skip


@page(Action.SEE_CASES, methods="POST")
def take(request: PageRequest, case: int) -> HttpResponse:
    """The agent has it from now on; a colleague who had it is told by the list."""
    try:
        (consolidation.take if rows.read(case) is None else desk.take)(**acting(request, case))
    except (ConsolidationRefused, DeskRefused) as refused:
        banner.put(request, refused.text)
        return HttpResponseRedirect(reverse("cases"))
    return HttpResponseRedirect(case_address(case))


def queue(request: PageRequest, *, is_open: bool) -> list[Line]:
    """Every case that is open, or over."""
    found = moves.every(on=clock.today(), is_open=is_open)
    desks, works = rows.every(is_open=is_open), earlier_work.every(is_open=is_open)
    languages = rows.languages_of([case.row.mover for case in found if case.row.mover is not None])
    owners = {*(case.row.owner for case in found), *(case.owner for case in desks), *(one.owner for one in works)}
    owners -= {None, request.person.account}
    named = rows.names_of([one for one in owners if one is not None]) if owners else {}
    lines = [_move_line(case, request, languages, named) for case in found]
    lines += [_desk_line(case, request, named) for case in desks]
    return lines + [_work_line(row, request, named) for row in works]


def _fits(view: str, request: PageRequest) -> Callable[[Line], bool]:
    views: dict[str, Callable[[Line], bool]] = {
        "mine": lambda line: line.owner == request.person.account,
        "unassigned": lambda line: line.owner is None,
        "ready": lambda line: line.is_ready,
        "waiting": lambda line: not line.is_ready,
        "today": lambda line: line.due <= clock.today(),
    }
    return views.get(view, lambda _: True)


_SORTS: dict[str, Callable[[Line], tuple[date, int] | int]] = {
    "due": lambda line: (line.due, line.number), "opened": lambda line: (line.opened, line.number),
    "reference": lambda line: line.number,
}  # fmt: skip


def _kinds() -> dict[str, str]:
    return {**{str(kind): KINDS[kind] for kind in Kind}, "move": MOVE, "work": WORK}


def _said(line: Line) -> dict[str, Any]:
    return {
        "address": line.address, "reference": line.reference, "kind": _kinds()[line.kind], "about": line.about,
        "school": line.school, "status": line.status, "opened": line.opened, "due": line.due,
        "owner": line.owner_name, "language": LANGUAGES.get(line.language, ""), "late": line.due < clock.today(),
    }  # fmt: skip


def _move_line(case: Case, request: PageRequest, languages: dict[UUID, str], named: dict[UUID, str]) -> Line:
    row = case.row
    return Line(
        row.number, "move", initials(case), school_name(case.held.new), STATUS[case.status], case.status in _READY,
        row.opened_at.date(), (row.opened_at + rules.EXPIRES).date(), row.owner, owner_name(row.owner, request, named),
        languages.get(row.mover, "") if row.mover is not None else "",
    )  # fmt: skip


def _desk_line(case: DeskCase, request: PageRequest, named: dict[UUID, str]) -> Line:
    return Line(
        case.number, str(case.kind), about(case), desk_school(case), STATES[case.state],
        case.state is not State.WAITING, case.opened_at.date(), case.due, case.owner,
        owner_name(case.owner, request, named), case.language,
    )  # fmt: skip


def _work_line(row: WorkRow, request: PageRequest, named: dict[UUID, str]) -> Line:
    """A request for earlier work (E7): to be decided in some days, and then open until its last day."""
    due = row.last_day or desk_rules.school_days_after(row.asked_at.date(), desk_rules.WORK_DAYS)
    return Line(
        row.number, "work", initials_of(row.name), work_school(row.school), STANDING[row.standing],
        row.standing is Standing.ASKED, row.asked_at.date(), due, row.owner, owner_name(row.owner, request, named), "",
        reverse("work-case", args=[row.number]),
    )  # fmt: skip


def desk_school(case: DeskCase) -> tuple[str, str]:
    """The school of a case and the language of its name; empty where no school asks."""
    name, language = name_in_language(case.name_en, case.name_cy)
    return (name or case.school, language if name else "")


def about(case: DeskCase) -> str:
    """Initials of whom a case is about; of a protected person none, because a list has the school beside them."""
    return "–" if case.protected else initials_of(case.name)


def initials(case: Case) -> str:
    """Of the person who moves, as far as anything is known of them."""
    account = case.held.retiring or case.held.kept
    return initials_of(max(account.names, key=len, default="") if account is not None else "")


def initials_of(name: str) -> str:
    """ "M. R.": enough to tell people apart before a case is opened."""
    return " ".join(f"{part[0]}." for part in name.split()) or "–"


def owner_name(owner: UUID | None, request: PageRequest, named: dict[UUID, str] | None = None) -> str:
    """Who has the case. named: what others are called, where many are asked for at once."""
    if owner is None:
        return say(N_("Nobody yet"))
    if owner == request.person.account:
        return say(N_("You"))
    return (rows.names_of([owner]) if named is None else named).get(owner, "")


def read_case(case: int) -> Case:
    """The case of an account move at an address, 404 when there is none."""
    found = moves.read(case, on=clock.today())
    if found is None:
        raise Http404
    return found


def acting(request: PageRequest, case: int) -> dict[str, Any]:
    """Who acts on which case, and when, as every operation takes it."""
    return {
        "number": case, "acting_account": request.person.account, "now": clock.now(),
        "acting_user": f"account {request.person.account}",
    }  # fmt: skip


def case_address(case: int) -> str:
    """Where a case is."""
    return reverse("case", kwargs={"case": case})


urlpatterns = [
    path("support/cases/", cases, name="cases"),
    path("support/cases/<int:case>/take/", take, name="case-take"),
]
