"""B3: one run. What did it do to my school?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString

from hwb.directory.queries import provisioning as rows
from hwb.directory.queries.provisioning import RunDetail, RunLine
from hwb.operations import settings as nation_settings
from hwb.portal import run_words
from hwb.portal.places import address
from hwb.web import pictures, words
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Person, may
from hwb.web.words import N_, Text, moment, say

#: What may become of a record; together they are all that were received (I15).
BECAME = {
    "unchanged": N_("Unchanged"), "created": N_("New"), "claimed": N_("Claimed"), "updated": N_("Updated"),
    "released": N_("Released"), "reactivated": N_("Reactivated"), "waiting": N_("Waiting"), "refused": N_("Refused"),
}  # fmt: skip
_WHERE = {"released": N_("Left"), "missing": N_("Missing"), "refused": N_("Refused")}
_LAST_YEARS = "X03"


@dataclass(frozen=True, slots=True)
class CountRow:
    """One line of the table: learners, staff and both, and the people behind it where the reader may see them."""

    text: str
    learners: int
    staff: int
    address: str

    @property
    def both(self) -> int:
        return self.learners + self.staff


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run in figures: no names, so that managers of several schools see the same."""

    title: Text
    state: str
    headline: tuple[Text, ...]
    failed: tuple[Text, ...]
    last_years: bool
    summary: tuple[dict[str, Any], ...]
    counts: tuple[CountRow, ...]
    total: CountRow | None
    missing: CountRow | None
    movement: SafeString | None
    changes: str
    refused: str
    held: str
    undo: str


@page(Action.SEE_RUNS)
def run_detail(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    found = rows.run(run, school=dfes)
    if found is None:
        raise Http404
    page_ = run_page(found, person=request.person, language=request.language)
    return show(
        request, "portal/run_detail.html", title=page_.title, section="provisioning", page=page_,
        back=address("provisioning", dfes=dfes),
    )  # fmt: skip


def run_page(detail: RunDetail, *, person: Person, language: words.Language) -> RunPage:
    """The page of one run in `language`; links are there for what the person may see."""
    line = detail.line
    counted = line.finished_at is not None and line.state not in ("failed", "refused")
    changes = address("run-changes", dfes=line.school, run=line.run) if counted else ""
    refusals = may(person, Action.SEE_REFUSALS, school=line.school)
    refused = address("to-put-right", dfes=line.school) if refusals and line.both("refused") else ""
    confirms = line.state == "held" and not line.preview and may(person, Action.WITHDRAW_RUN, school=line.school)
    return RunPage(
        run_words.title(line),
        line.state,
        run_words.came_to(detail),
        _failed(line),
        any(code == _LAST_YEARS for code in detail.notices),
        _summary(detail),
        tuple(_count(line, name, text, changes, refused) for name, text in BECAME.items()) if counted else (),
        _count(line, "received", N_("Received"), "", "") if counted else None,
        _count(line, "missing", N_("Missing without a leaving date"), changes, "") if counted else None,
        _movement(detail, language),
        changes,
        refused,
        address("held-run", dfes=line.school, run=line.run) if confirms else "",
        address("run-undo", dfes=line.school, run=line.run) if _may_be_undone(line, person) else "",
    )  # fmt: skip


def _may_be_undone(line: RunLine, person: Person) -> bool:
    """Whether undoing may be offered: the school's newest accepted run. The page says when it is too late."""
    if line.preview or not may(person, Action.UNDO_RUN, school=line.school):
        return False
    newest = rows.newest(school=line.school)
    return newest is not None and newest.run == line.run


def _failed(line: RunLine) -> tuple[Text, ...]:
    """At which stage, why, and that nothing is half done."""
    if line.state not in ("failed", "refused"):
        return ()
    stage = Text(N_("Stage: {stage}."), {"stage": say(run_words.stage(line.failure))})
    return (stage, run_words.reason(line.failure))


def _summary(detail: RunDetail) -> tuple[dict[str, Any], ...]:
    line = detail.line
    kind = N_("Preview") if line.preview else N_("Run, confirmed by a person") if line.confirmed else N_("Run")
    year_start = nation_settings.school_limits().year_start
    found = [
        {"label": N_("Reference"), "value": str(line.run)},
        {"label": N_("Kind"), "value": say(kind)},
        {"label": N_("Received"), "value": moment(line.received_at)},
        {"label": N_("Finished"), "value": moment(line.finished_at) if line.finished_at else say(N_("Not yet"))},
        {"label": N_("Data as at"), "value": moment(line.as_at)},
        {
            "label": N_("Data is for academic year"),
            "value": run_words.academic_year(line.as_at, year_start=year_start),
        },
        {"label": N_("MIS"), "value": say(run_words.mis_name(line.mis))},
    ]
    if detail.client:
        sent_by = say(Text(N_("Client, now version {version}"), {"version": detail.client}))
        found.append({"label": N_("Sent by"), "value": sent_by})
    return tuple(found)


def _count(line: RunLine, name: str, text: str, changes: str, refused: str) -> CountRow:
    number = line.both(name)
    group = _GROUPS.get(name, "")
    there = refused if name == "refused" else f"{changes}?group={group}" if changes and group else ""
    return CountRow(text, line.learners[name], line.staff[name], there if number else "")


#: Count → the group of the changes page that lists its people.
_GROUPS = {
    "created": "new", "claimed": "claimed", "released": "released", "reactivated": "reactivated", "waiting": "waiting",
    "missing": "missing",
}  # fmt: skip


def _movement(detail: RunDetail, language: words.Language) -> SafeString | None:
    """P8: from year to year; what became of those who are in no year now is said in words."""
    if not detail.movement:
        return None
    moves = [
        pictures.YearMove(move.before, "", move.count, say(_WHERE[move.after]))
        if move.after in _WHERE
        else pictures.YearMove(move.before, move.after, move.count)
        for move in detail.movement
    ]
    return pictures.year_movement(moves, language=language, new_year=_brings_the_new_year(detail))


def _brings_the_new_year(detail: RunDetail) -> bool:
    """Whether learners were to move: some came with the new year, or the data is still last year's (R37)."""
    both = [move for move in detail.movement if move.before and move.after and move.after not in _WHERE]
    moved = sum(move.count for move in both if move.before != move.after)
    total = sum(move.count for move in both)
    # In term time one or two change their year group; that makes no new year for all the others.
    return any(code == _LAST_YEARS for code in detail.notices) or moved * 10 >= total


urlpatterns = [path("school/<str:dfes>/runs/<uuid:run>/", run_detail, name="run-detail")]
