"""B6: a held run. Why was it stopped, and is it what we meant?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import provisioning as rows
from hwb.directory.queries import reviews, run_changes
from hwb.directory.queries.provisioning import RunDetail, RunLine
from hwb.directory.queries.reviews import Review
from hwb.directory.queries.run_changes import PlannedChanges
from hwb.lifecycle import reasons
from hwb.operations import provisioning
from hwb.portal.places import address
from hwb.portal.run_changes import Row, sees_names, shown
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.lists import Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, day, moment, ngettext, say

TITLE = N_("Confirm or withdraw this run")
#: Checks of R36 about people who would be gone; the others ask whether a change was meant.
_GONE = frozenset({"missing", "losing_access", "overlap"})
_COMPARED = {
    "learners": N_("Learners received"), "staff": N_("Staff received"), "created": N_("New"), "claimed": N_("Claimed"),
    "updated": N_("Updated"), "released": N_("Released"), "missing": N_("Missing"), "refused": N_("Refused"),
}  # fmt: skip
REASONS = {
    "incomplete": N_("People, a class or a year group are absent from the data"),
    "leaving dates": N_("Leaving dates are wrong"),
    "year groups": N_("Year groups or classes are wrong"),
    "names": N_("Names, dates of birth or codes are wrong"),
    "too early": N_("It came too early"),
    "other": N_("Another reason"),
}
_CHECKED = "checked-run"  # in the session: run and digest of the plan whose list somebody has ticked as checked


@dataclass(frozen=True, slots=True)
class Why:
    """One check that stopped the run: the school's numbers, the likely cause, and the limit."""

    sentences: tuple[Text, ...]
    limit: Text | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A total of the last run beside this one's."""

    text: str
    last: int | None
    now: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a run that waits no more, and where to go on."""

    text: Text
    more: str
    address: str
    action: str


class ReviewForm(PageForm):
    """Whether the list was looked at, and what is true."""

    checked = forms.BooleanField(label=N_("I have checked this list"))
    truth = forms.ChoiceField(label=N_("What is true?"), widget=forms.RadioSelect)
    errors_said: ClassVar = {
        "checked": {"required": N_("Check the list first, then tick that you have checked it")},
        "truth": {"required": N_("Choose what is true")},
    }

    def __init__(self, *parts: Any, gone: bool, **more: Any) -> None:
        super().__init__(*parts, **more)
        choices = (
            [("meant", N_("They have left")), ("wrong", N_("They should be here"))]
            if gone
            else [("meant", N_("This is what we meant")), ("wrong", N_("This is not what we meant"))]
        )
        self.fields["truth"].choices = choices  # type: ignore[attr-defined]


class WithdrawForm(PageForm):
    """Why a run is withdrawn: one of a few reasons, so that nobody is named in a log."""

    reason = forms.ChoiceField(
        label=N_("Why do you withdraw this run?"), choices=list(REASONS.items()), widget=forms.RadioSelect
    )
    errors_said: ClassVar = {"reason": {"required": N_("Choose a reason")}}


@page(Action.WITHDRAW_RUN, methods="GET POST")
def held_run(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    found, review = _found(run, dfes)
    if not _waits(found.line):
        return _settled(request, found.line, review)
    confirms = may(request.person, Action.CONFIRM_RUN, school=dfes)
    checks = [str(hold["check"]) for hold in found.holds]
    form = ReviewForm.of(request, gone=bool(_GONE & set(checks)))
    if confirms and form.is_sent():
        if form.cleaned_data["truth"] == "wrong":
            return HttpResponseRedirect(address("held-run-withdraw", dfes=dfes, run=run))
        request.session[_CHECKED] = f"{run} {review.digest}"
        return HttpResponseRedirect(address("held-run-confirm", dfes=dfes, run=run))
    plan = run_changes.plan_of(run, school=dfes) or PlannedChanges(dfes, {})
    lines = plan.concerned(checks)
    listing = Listing.of(request, sorts=("order",))
    paging = listing.paging(len(lines))
    names = sees_names(request, dfes)
    part = [line.number for line in lines[paging.offset : paging.last]] if names else []
    details = plan.rows_of(part, groups={line.number: line.group for line in lines})
    last = rows.newest(school=dfes)
    return show(
        request, "portal/held_run.html", title=TITLE, section="provisioning", run=found.line, dfes=dfes, names=names,
        why=[_why(hold) for hold in found.holds], last=last, count=len(lines), paging=paging,
        people=[shown(details[number], dfes) for number in part], compared=_compare(last, found.line),
        changes=address("run-changes", dfes=dfes, run=run), absent="missing" in checks,
        duplicates="duplicates" in checks,
        withdraw=address("held-run-withdraw", dfes=dfes, run=run), back=address("run-detail", dfes=dfes, run=run),
        confirms=confirms, form=form,
    )  # fmt: skip


@page(Action.WITHDRAW_RUN, methods="GET POST")
def withdraw(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    """Nothing of the run is applied; the data, sent again unchanged, is held again."""
    found, review = _found(run, dfes)
    form = WithdrawForm.of(request)
    if _waits(found.line) and form.is_sent():
        try:
            provisioning.withdraw(
                run_id=run, acting_user=_acting(request), now=clock.now(), reason=form.cleaned_data["reason"]
            )
        except provisioning.RunNotFound:
            return HttpResponseRedirect(address("held-run", dfes=dfes, run=run))
        banner.put(request, Text(N_("The run was withdrawn. Nothing of it was applied.")))
        return HttpResponseRedirect(address("run-detail", dfes=dfes, run=run))
    if not _waits(found.line):
        return _settled(request, found.line, review)
    return show(
        request, "portal/withdraw_run.html", title=N_("Withdraw this run"), section="provisioning", form=form,
        run=found.line, back=address("held-run", dfes=dfes, run=run),
    )  # fmt: skip


@page(Action.CONFIRM_RUN, methods="GET POST")
def confirm(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    """The interruption page with the number; what is confirmed is the list that was ticked, or nothing."""
    found, review = _found(run, dfes)
    there = HttpResponseRedirect(address("held-run", dfes=dfes, run=run))
    if not _waits(found.line) or request.session.get(_CHECKED) != f"{run} {review.digest}":
        return there
    form = PageForm.of(request)
    if form.is_sent():
        del request.session[_CHECKED]
        now = clock.now()
        try:
            outcome = provisioning.confirm(
                run_id=run, acting_user=_acting(request), now=now, on=clock.calendar_date(now), seen=review.digest
            )
        except (provisioning.RunNotFound, provisioning.PlanMoved):
            return there
        if outcome.result is None:
            return _moved(request, dfes, run, outcome)
        banner.put(request, Text(N_("The run was confirmed and applied.")))
        return HttpResponseRedirect(address("run-detail", dfes=dfes, run=run))
    checks = [str(hold["check"]) for hold in found.holds]
    plan = run_changes.plan_of(run, school=dfes) or PlannedChanges(dfes, {})
    concerned = len(plan.concerned(checks)) or max((int(hold["measured"]) for hold in found.holds), default=0)
    return show(
        request, "portal/confirm_run.html", title=N_("Are you sure that this run is right?"), section="provisioning",
        sentences=[each.sentences[0] for each in map(_why, found.holds)], total=len(plan.changes), form=form,
        absent="missing" in checks, warns=True, back=address("held-run", dfes=dfes, run=run),
        button=ngettext("Apply this run: it concerns {count} person", "Apply this run: it concerns {count} people",
                        concerned),
    )  # fmt: skip


def _moved(request: PageRequest, dfes: str, run: UUID, outcome: provisioning.Confirmation) -> HttpResponse:
    """R36: nothing was applied; what the new plan adds and drops is shown, and it needs its own confirmation."""
    names = sees_names(request, dfes)
    return show(
        request, "portal/run_moved.html", title=N_("The facts have changed: nothing was applied"), status=409,
        section="provisioning", names=names, added_count=len(outcome.added), removed_count=len(outcome.removed),
        added=_rows(outcome.added, dfes) if names else (), removed=_rows(outcome.removed, dfes) if names else (),
        again=address("held-run", dfes=dfes, run=run),
    )  # fmt: skip


def _rows(changes: Iterable[dict[str, Any]], dfes: str) -> tuple[Row, ...]:
    """The first fifty of these changes as they are shown; the new list has all."""
    plan = run_changes.planned(changes, school=dfes)
    groups = {line.number: line.group for line in plan.lines}
    numbers = list(groups)[:50]
    details = plan.rows_of(numbers, groups=groups)
    return tuple(shown(details[number], dfes) for number in numbers)


def _found(run: UUID, dfes: str) -> tuple[RunDetail, Review]:
    found = rows.run(run, school=dfes)
    if found is None:
        raise Http404
    return found, reviews.review_of(run, school=dfes)


def _waits(line: RunLine) -> bool:
    return line.state == "held" and not line.preview


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


def _why(hold: dict[str, Any]) -> Why:
    values = dict(hold["values"])
    sentences = reasons.hold_texts(
        hold["check"], measured=hold["measured"], base=hold["base"], cause=hold["cause"], values=values
    )
    limits = {"number": hold["limit_number"], "share": round(hold["limit_share"] * 100)}
    if not hold["limit_number"]:
        return Why(sentences, None)
    return Why(sentences, Text(N_("A run is held when it is more than {number} and more than {share}%."), limits))


def _compare(last: RunLine | None, line: RunLine) -> tuple[Compared, ...]:
    def total(of: RunLine, name: str) -> int:
        if name == "learners":
            return of.learners["received"]
        return of.staff["received"] if name == "staff" else of.both(name)

    return tuple(
        Compared(text, None if last is None else total(last, name), total(line, name))
        for name, text in _COMPARED.items()
    )


def _settled(request: PageRequest, line: RunLine, review: Review) -> HttpResponse:
    """No run is waiting: what became of this one."""
    own = address("run-detail", dfes=line.school, run=line.run)
    what = Text(N_("This run does not wait for anybody."))
    more = ""
    if line.state == "replaced" and review.newer and review.newer_at:
        what = Text(N_("Replaced by the run of {date}"), {"date": moment(review.newer_at)})
        own = address("run-detail", dfes=line.school, run=review.newer)
    elif line.state == "withdrawn" and review.withdrawn_at:
        what = Text(N_("This run was withdrawn on {date}. Nothing of it was applied."),
                    {"date": day(review.withdrawn_at)})  # fmt: skip
        more = say(REASONS[review.reason]) if review.reason in REASONS else ""
    elif line.confirmed:
        what = Text(N_("This run was confirmed by a person and applied."))
    return show(
        request, "portal/no_held_run.html", title=TITLE, section="provisioning",
        settled=Settled(what, more, own, N_("Look at the run")),
        back=address("provisioning", dfes=line.school),
    )  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/runs/<uuid:run>/review/", held_run, name="held-run"),
    path("school/<str:dfes>/runs/<uuid:run>/review/withdraw/", withdraw, name="held-run-withdraw"),
    path("school/<str:dfes>/runs/<uuid:run>/review/confirm/", confirm, name="held-run-confirm"),
]
