"""B9 "Ask for earlier work": a school asks for what its learner made at an earlier one, and how it stands (R41)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import earlier_work as rows
from hwb.directory.queries import people
from hwb.directory.queries.earlier_work import LearnerSeen, WorkRow
from hwb.lifecycle import earlier_work as rules
from hwb.lifecycle.earlier_work import OPEN, Needed
from hwb.operations import earlier_work
from hwb.operations.earlier_work import WorkRefused
from hwb.portal.naming import full_name
from hwb.portal.places import address
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.lists import titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text
from hwb.web.work_words import NEEDED, STANDING, named, request_rows

COLUMNS = {
    "reference": N_("Reference"), "learner": N_("Learner"), "earlier": N_("Earlier school"), "state": N_("State"),
    "until": N_("Last day"), "asked": N_("Asked on"),
}  # fmt: skip


class AskForm(PageForm):
    """Which earlier school, what for and why."""

    earlier = forms.ChoiceField(
        label=N_("At which school was the work made?"), widget=forms.RadioSelect(attrs={"verbatim": True})
    )
    needed = forms.ChoiceField(
        label=N_("What is needed?"), widget=forms.RadioSelect,
        choices=[(str(one), NEEDED[one]) for one in Needed], initial=str(Needed.LOOK),
    )  # fmt: skip
    reason = forms.CharField(
        label=N_("Why does the learner need it?"), max_length=300, help_text=N_("Hwb Support reads it. No names.")
    )
    errors_said: ClassVar = {
        "earlier": {"required": N_("Choose the school")},
        "needed": {"required": N_("Choose what is needed")},
        "reason": {"required": N_("Enter a reason")},
    }


@dataclass(frozen=True, slots=True)
class Section:
    """What the record says: requests, and where another one is made (empty for whoever may not, or where none is)."""

    requests: tuple[list[dict[str, Any]], ...]
    ask: str


def section(request: PageRequest, dfes: str, account: UUID) -> Section:
    """For the record of a learner who came from elsewhere (B9)."""
    found = rows.of_learner(account, school=dfes)
    ask = ""
    if may(request.person, Action.ASK_FOR_WORK, school=dfes):
        seen = rows.learner(account)
        if seen is not None and not seen.facts.protected and _askable(seen, found):
            ask = address("ask-for-work", dfes=dfes, account=account)
    return Section(tuple(map(request_rows, found)), ask)


@page(Action.ASK_FOR_WORK, methods="GET POST")
def ask_for_work(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The request; it goes to support."""
    record = people.learner(account=account, school=dfes, language=request.language)
    seen = rows.learner(account)
    if record is None or seen is None or seen.facts.protected or seen.facts.holder != dfes:
        raise Http404
    back = reverse("learner", kwargs={"dfes": dfes, "account": account})
    choices = [(school.dfes, named(school)[0]) for school in _askable(seen, rows.of_learner(account, school=dfes))]
    form = AskForm.of(request, initial={"earlier": choices[0][0] if len(choices) == 1 else ""})
    form.fields["earlier"].choices = choices  # type: ignore[attr-defined]
    if choices and form.is_sent():
        given = form.cleaned_data
        try:
            earlier_work.ask(
                account=account, school=dfes, earlier=given["earlier"], needed=Needed(given["needed"]),
                reason=given["reason"], acting_user=f"account {request.person.account}", now=clock.now(),
            )  # fmt: skip
        except WorkRefused as refused:
            form.add_refusal("earlier", refused.text)
        else:
            banner.put(request, Text(N_("Hwb Support has your request. You are told when the work can be opened.")))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/ask_for_work.html", title=N_("Ask for earlier work"), form=form, section="learners", back=back,
        name=full_name(record.row), any=bool(choices),
    )  # fmt: skip


@page(Action.ASK_FOR_WORK)
def asked(request: PageRequest, dfes: str) -> HttpResponse:
    """All that the school has asked for."""
    found = rows.of_school(dfes)
    lines = [
        {"facts": row, "earlier": named(row.earlier), "state": STANDING[row.standing],
         "asked": row.asked_at.date(), "here": address("learner", dfes=dfes, account=row.account)}
        for row in found
    ]  # fmt: skip
    return show(
        request, "portal/earlier_work.html", title=titled(Text(N_("Earlier work that was asked for")), len(found)),
        section="learners", back=reverse("learners", args=[dfes]), lines=lines, columns=COLUMNS,
    )  # fmt: skip


def _askable(seen: LearnerSeen, found: list[WorkRow]) -> list[rows.Named]:
    """Earlier schools for which no request stands."""
    standing = {row.earlier.dfes for row in found if row.state in OPEN}
    return [
        school for school in seen.earlier
        if school.dfes not in standing
        and rules.against_asking(seen.facts, school=seen.facts.holder, earlier=school.dfes) is None
    ]  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/learners/<uuid:account>/earlier-work/", ask_for_work, name="ask-for-work"),
    path("school/<str:dfes>/earlier-work/", asked, name="earlier-work"),
]
