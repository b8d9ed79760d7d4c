"""R31 from a case: an account is suspended everywhere, or its suspension ends."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import desk_people
from hwb.operations import suspending
from hwb.operations.accounts import LONGEST_REASON, DecisionRefused
from hwb.operations.desk.refusals import DeskRefused
from hwb.portal.cases import acting
from hwb.portal.desk_case import read_desk_case
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


class SuspendForm(PageForm):
    """Why; the school reads that the account is suspended, and not why."""

    reason = forms.CharField(
        label=N_("Reason"), max_length=LONGEST_REASON, help_text=N_("For the record. No names, no UPNs.")
    )
    errors_said: ClassVar = {"reason": {"required": N_("Enter the reason")}}


@page(Action.SUSPEND, methods="GET POST")
def suspend(request: PageRequest, case: int, place: int) -> HttpResponse:
    """Off, everywhere; refused when support has suspended it already."""
    return _decided(request, case, place, ends=False)


@page(Action.SUSPEND, methods="GET POST")
def end_suspension(request: PageRequest, case: int, place: int) -> HttpResponse:
    """The end of a suspension, and of a school's switching off for safety; refused when neither stands."""
    return _decided(request, case, place, ends=True)


def _decided(request: PageRequest, case: int, place: int, *, ends: bool) -> HttpResponse:
    """The address says which of the two is meant: a page that was opened earlier never does the other one."""
    found = read_desk_case(case)
    account = (found.account, found.other)[place] if place in (0, 1) else None
    person = desk_people.person(account) if account is not None else None
    if account is None or person is None or found.closed_at is not None:
        raise Http404
    back = reverse("case-record", kwargs={"case": case, "place": place})
    form = SuspendForm.of(request)
    if form.is_sent():
        by: dict[str, Any] = {**acting(request, case), "account": account, "reason": form.cleaned_data["reason"]}
        try:
            (suspending.end_suspension if ends else suspending.suspend)(on=clock.today(), **by)
        except (DeskRefused, DecisionRefused) as refused:
            form.add_refusal("reason", refused.text)
        else:
            said = (
                N_("The suspension is ended.") if ends else N_("The account is suspended. All its sessions have ended.")
            )
            banner.put(request, Text(said))
            return HttpResponseRedirect(back)
    title = N_("End the suspension") if ends else N_("Suspend this account")
    return show(
        request, "portal/suspend.html", title=title, section="cases", back=back, form=form, button=title,
        warns=not ends, ends=ends,
    )  # fmt: skip


urlpatterns = [
    path("support/cases/<int:case>/suspend/<int:place>/", suspend, name="case-suspend"),
    path("support/cases/<int:case>/suspend/<int:place>/end/", end_suspension, name="case-suspend-end"),
]
