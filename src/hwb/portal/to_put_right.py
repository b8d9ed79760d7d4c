"""B5: to put right. What exactly must be changed in the MIS, by whom?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import provisioning, refusals, roles
from hwb.directory.queries.refusals import Passed, Refusals, Standing
from hwb.extract.problems import describe
from hwb.extract.records import MisKind, Problem
from hwb.operations import messages, warnings
from hwb.portal import run_words
from hwb.portal.places import address
from hwb.portal.references import beyond_the_school
from hwb.portal.run_changes import FIELDS, sees_names
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.lists import PAGE_SIZE, Filter, FilterBox, Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, Scope
from hwb.web.words import N_, Text, day, language_now, moment, say

_LATELY = timedelta(days=14)
_PASSED_WITHIN = timedelta(days=60)
_KINDS = {"learner": N_("Learners"), "staff": N_("Staff")}
_SINCE = {"7": N_("Last 7 days"), "30": N_("Last 30 days")}
_FIELDS = FIELDS | {
    "former_upn": N_("Former UPN"), "mis_id": N_("MIS record number"), "admission_number": N_("Admission number"),
    "enrolment_status": N_("Enrolment status"), "start_date": N_("Start date"), "leaving_date": N_("Leaving date"),
}  # fmt: skip


def field_said(field: str) -> str:
    """What a page calls a field of a record; nothing when the problem is of no field."""
    return say(_FIELDS.get(field, field)) if field else ""


_COLUMNS = {
    "name": N_("Name"), "record": N_("Record"), "field": N_("Field"), "received": N_("Received"),
    "needed": N_("Needed"), "since": N_("First seen"), "runs": N_("Runs so far"),
}  # fmt: skip
_NOBODY = "nobody"
_PASSES_TO = (Role.MIS_ADMIN, Role.CHAMPION, Role.HEAD)
NOT_MISTAKES = {
    "checked": N_("We have checked it, and it is right"),
    "cannot": N_("Our MIS cannot hold anything else"),
    "elsewhere": N_("Somebody else has to put it right"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One problem of one record; parts that the reader may not see are empty. compare: the name by which a member of
    staff is looked for, to be compared with a colleague."""

    name: str
    record: str
    field: str
    value: str
    needed: str
    since: str
    runs: str
    hide: str
    compare: str


@dataclass(frozen=True, slots=True)
class Group:
    """All records with one problem: what it is, how it is put right, and the rows of this page."""

    code: str
    sentence: str
    fix: str
    count: int
    rows: tuple[Row, ...]
    warns: bool
    passed: Text | None
    pass_on: str


@page(Action.SEE_REFUSALS, codes=True, counts=True)
def to_put_right(request: PageRequest, dfes: str) -> HttpResponse:
    now = clock.now()
    found = refusals.find(school=dfes, since=now - _LATELY)
    listing = Listing.of(request, filters=("kind", "reason", "since", "passed"), sorts=("people",))
    details = Details.of(request, dfes)
    passed = refusals.passed_on(school=dfes, since=now - _PASSED_WITHIN) if details.own else {}
    every = (*found.refused, *found.warned)
    wanted = [each for each in every if _fits(each, listing, now) and _is_passed(each, listing, passed)]
    paging = listing.paging(len(wanted))
    return show(
        request, "portal/to_put_right.html", title=_title(found), section="to-put-right", found=found, dfes=dfes,
        groups=_groups(wanted, found, dfes, details, passed, part=slice(paging.offset, paging.last)), paging=paging,
        box=_box(listing, found, passed), details=details, columns=_COLUMNS, failed=_failed(dfes),
        put_right=[_gone(each, found, details) for each in found.put_right[:PAGE_SIZE]],
        put_right_count=len(found.put_right), accepted=found.received - _records(found.refused),
        refused_count=_records(found.refused),
        checklist=address("checklist", dfes=dfes), compare=address("find-staff", dfes=dfes) if details.own else "",
        filtered=any(listing.filters.values()),
    )  # fmt: skip


@page(Action.SEE_REFUSALS)
def checklist(request: PageRequest, dfes: str) -> HttpResponse:
    """Everything by reason, with boxes to tick, for printing (ux.md 12)."""
    now = clock.now()
    found = refusals.find(school=dfes, since=now)
    details = Details.of(request, dfes)
    passed = refusals.passed_on(school=dfes, since=now - _PASSED_WITHIN) if details.own else {}
    groups = _groups(list(found.refused), found, dfes, details, passed, part=slice(None))
    return show(
        request, "portal/checklist.html", title=_title(found), section="to-put-right", groups=groups, printed=now,
        back=address("to-put-right", dfes=dfes), found=found,
    )  # fmt: skip


class HideForm(PageForm):
    """Why a warning is no mistake."""

    reason = forms.ChoiceField(
        label=N_("Why is this not a mistake?"), choices=list(NOT_MISTAKES.items()), widget=forms.RadioSelect
    )
    errors_said: ClassVar = {"reason": {"required": N_("Choose a reason")}}


@page(Action.SEE_REFUSALS, methods="GET POST")
def not_a_mistake(request: PageRequest, dfes: str, mark: str) -> HttpResponse:
    """Hides one warning until its value changes."""
    details = Details.of(request, dfes)
    found = next(iter(refusals.problems_marked(dfes, mark)), None)
    if found is None or not details.own:
        raise Http404
    form = HideForm.of(request)
    there = address("to-put-right", dfes=dfes)
    if form.is_sent():
        warnings.hide(
            school=dfes, mark=mark, code=found.code, reason=form.cleaned_data["reason"],
            acting_account=request.person.account, acting_user=f"account {request.person.account}", now=clock.now(),
        )  # fmt: skip
        banner.put(request, Text(N_("The warning is hidden until the value changes.")))
        return HttpResponseRedirect(there)
    said = _said(found, "hwb")
    return show(
        request, "portal/not_a_mistake.html", title=N_("Not a mistake"), section="to-put-right", form=form,
        said=said, record=found.record, value=found.value, field=_FIELDS.get(found.field, found.field), back=there,
    )  # fmt: skip


class PassForm(PageForm):
    """To whom records are passed on."""

    to = forms.ChoiceField(label=N_("Who is to put these records right?"), widget=forms.RadioSelect(
        attrs={"verbatim": True}))  # fmt: skip
    errors_said: ClassVar = {"to": {"required": N_("Choose a person"), "invalid_choice": N_("Choose a person")}}


@page(Action.SEE_REFUSALS, methods="GET POST")
def pass_on(request: PageRequest, dfes: str, code: str) -> HttpResponse:
    """An e-mail without names to somebody with a role at the school (M4)."""
    now = clock.now()
    found = refusals.find(school=dfes, since=now)
    count = len({(each.kind, each.record) for each in (*found.refused, *found.warned) if each.code == code})
    if not count or not Details.of(request, dfes).own:
        raise Http404
    people = _receivers(dfes, now)
    form = PassForm.of(request)
    form.fields["to"].choices = list(people.items())  # type: ignore[attr-defined]
    there = address("to-put-right", dfes=dfes)
    if form.is_sent():
        try:
            written = messages.pass_on(
                school=dfes, to=UUID(form.cleaned_data["to"]), count=count, task=code,
                acting_account=request.person.account, acting_user=f"account {request.person.account}", now=now,
            )  # fmt: skip
        except messages.MessageRefused as refused:
            form.add_refusal("to", refused.text)
        else:
            told, known = N_("The records were passed on by e-mail."), N_("This person was told of them today already.")
            banner.put(request, Text(told if written else known))
            return HttpResponseRedirect(there)
    return show(
        request, "portal/pass_on.html", title=N_("Pass these records on"), section="to-put-right", form=form,
        count=count, people=people, back=there,
        said=_said(next(each for each in (*found.refused, *found.warned) if each.code == code), found.mis),
    )  # fmt: skip


def _receivers(dfes: str, now: datetime) -> dict[str, str]:
    """Account → name and role of those who can put records right."""
    granted = roles.granted(today=clock.calendar_date(now), school=dfes)
    return {
        str(row.account): f"{row.name} ({say(ROLE_NAMES[Role(row.role)])})"
        for row in granted
        if row.role in _PASSES_TO and row.school == dfes
    }


@dataclass(frozen=True, slots=True)
class Details:
    """What the reader may see of a record. own: the school's own people, who see everything and may act."""

    own: bool
    names: bool
    values: bool
    rows: bool

    @classmethod
    def of(cls, request: PageRequest, dfes: str) -> Details:
        scope = request.access.scope
        names = sees_names(request, dfes)
        own = scope is Scope.SCHOOL and names
        return cls(own, names, scope in (Scope.SCHOOL, Scope.NATION), scope is not Scope.COUNTS)


def _fits(problem: Standing, listing: Listing, now: datetime) -> bool:
    kind, reason, since = (listing.filters[name] for name in ("kind", "reason", "since"))
    if (kind and problem.kind != kind) or (reason and problem.code != reason):
        return False
    return since not in _SINCE or problem.since is None or problem.since >= now - timedelta(days=int(since))


def _groups(
    problems: list[Standing], found: Refusals, dfes: str, details: Details, passed: Mapping[str, Passed], *, part: slice
) -> tuple[Group, ...]:
    """Most people first, refusals before warnings; of the rows those of this page."""
    counts = Counter((each.mark != "", each.code) for each in problems)
    order = {key: (key[0], -count, key[1]) for key, count in counts.items()}
    problems = sorted(problems, key=lambda each: (order[each.mark != "", each.code], each.surname, each.forename))
    shown: dict[tuple[bool, str], list[Standing]] = {}
    for each in problems[part]:
        shown.setdefault((each.mark != "", each.code), []).append(each)
    return tuple(
        Group(
            code, (said := _said(each[0], found.mis))["sentence"], said["fix"], counts[warns, code],
            tuple(_row(one, found, dfes, details) for one in each) if details.rows else (), warns,
            _passed(passed.get(code)), address("pass-on", dfes=dfes, code=code) if details.own else "",
        )
        for (warns, code), each in shown.items()
    )  # fmt: skip


def _row(problem: Standing, found: Refusals, dfes: str, details: Details) -> Row:
    name = ", ".join(filter(None, (problem.surname, problem.forename))) if details.names else ""
    runs = str(problem.runs) if not problem.mark else ""
    if problem.many:
        runs = say(Text(N_("{count} or more"), {"count": problem.runs}))
    hide = address("not-a-mistake", dfes=dfes, mark=problem.mark) if problem.mark and details.own else ""
    needed = f"{_said(problem, found.mis)['needed']} {_suggestion(problem, details)}".strip()
    return Row(
        name, _record(problem, details), field_said(problem.field) or "–",
        (problem.value or say(N_("Nothing"))) if details.values and _may_show(problem, details) else "", needed,
        day(problem.since) if problem.since else "", runs, hide,
        f"{problem.forename} {problem.surname}".strip() if details.own and problem.kind == "staff" else "",
    )  # fmt: skip


def _record(problem: Standing, details: Details) -> str:
    return problem.record if details.own else beyond_the_school(problem.record, kind=problem.kind)


def _suggestion(problem: Standing, details: Details) -> str:
    """The UPN that may have been meant, for the school alone."""
    meant = dict(problem.values).get("suggestion", "") if details.own else ""
    return say(Text(N_("Was this meant: {suggestion}?"), {"suggestion": meant})) if meant else ""


def _may_show(problem: Standing, details: Details) -> bool:
    """Values of names and dates of birth are shown to those who see names."""
    return details.names or problem.field not in (
        "legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date", "upn", "former_upn",
    )  # fmt: skip


def _gone(each: refusals.PutRight, found: Refusals, details: Details) -> dict[str, Any]:
    problem = each.problem
    name = ", ".join(filter(None, (problem.surname, problem.forename))) if details.names else ""
    return {
        "name": name,
        "record": _record(problem, details),
        "sentence": _said(problem, found.mis)["sentence"],
        "at": each.at,
    }


def _said(problem: Standing, mis: str) -> dict[str, str]:
    """Sentence, need and fix in the page's language, of all records alike: without what one of them may have meant."""
    values = tuple((key, value) for key, value in problem.values if key != "suggestion")
    told = Problem(problem.code, problem.record, problem.field, problem.value, cast("Any", problem.kind), values)
    return describe(told, mis=cast("MisKind", mis or "hwb"), language=language_now())


def _is_passed(problem: Standing, listing: Listing, passed: Mapping[str, Passed]) -> bool:
    """Whether the filter "passed to" lets the problem through."""
    asked, found = listing.filters["passed"], passed.get(problem.code)
    if not asked:
        return True
    return found is None if asked == _NOBODY else found is not None and found.account == asked


def _passed(found: Passed | None) -> Text | None:
    if found is None:
        return None
    name = found.name or say(N_("somebody"))
    return Text(N_("Passed on to {name} on {date}."), {"name": name, "date": day(found.at)})


def _records(problems: tuple[Standing, ...]) -> int:
    return len({(each.kind, each.record) for each in problems})


def _title(found: Refusals) -> str:
    return f"{say(N_('Records to put right'))} ({_records(found.refused):,})"


def _failed(dfes: str) -> tuple[Text, ...]:
    """What is said first when the last attempt failed as a whole, so that the list is an older one."""
    last = provisioning.newest(school=dfes)
    tried = provisioning.attempts_after(school=dfes, last=last)
    failed = [each for each in run_words.later(last, tried, provisioning.client_of(dfes).told) if each.code]
    if not failed:
        return ()
    told = [failed[0].text, *filter(None, (failed[0].why,))]
    if last is not None:
        told.append(Text(N_("From the run of {date}: this is the older list."), {"date": moment(last.at)}))
    return tuple(told)


def _box(listing: Listing, found: Refusals, passed: Mapping[str, Passed]) -> FilterBox:
    reasons = {each.code: _said(each, found.mis)["sentence"] for each in (*found.refused, *found.warned)}
    people = {one.account: one.name for code, one in passed.items() if code in reasons and one.name}
    to = [(_NOBODY, say(N_("Not passed on"))), *sorted(people.items(), key=lambda each: each[1])] if people else []
    return FilterBox(listing, (
        *((Filter("passed", N_("Passed to"), to),) if to else ()),
        Filter("kind", N_("Learners or staff"), [(key, say(text)) for key, text in _KINDS.items()]),
        Filter("reason", N_("Reason"), sorted(reasons.items(), key=lambda each: each[1])),
        Filter("since", N_("First seen"), [(key, say(text)) for key, text in _SINCE.items()]),
    ))  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/to-put-right/", to_put_right, name="to-put-right"),
    path("school/<str:dfes>/to-put-right/checklist/", checklist, name="checklist"),
    path("school/<str:dfes>/to-put-right/warning/<slug:mark>/", not_a_mistake, name="not-a-mistake"),
    path("school/<str:dfes>/to-put-right/pass-on/<slug:code>/", pass_on, name="pass-on"),
]
