"""B14 and B17's kind "Keep an earlier account": a Digital Champion opens a case and invites the staff member to G1."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import staff
from hwb.identifiers import parse_dfes_number
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused, Wanted
from hwb.portal.naming import full_name
from hwb.portal.places import address
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.move_words import STATUS
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, say


class InviteForm(PageForm):
    """The earlier username and both schools; whether there is such an account is not said."""

    username = forms.CharField(
        label=N_("Username at the previous school"), max_length=254, widget=forms.TextInput(attrs={"plain": True})
    )
    previous_school = forms.CharField(
        label=N_("Number of the previous school"), max_length=12, help_text=N_("The DfES number has 7 digits.")
    )
    new_school = forms.CharField(label=N_("Number of this school"), max_length=12)
    errors_said: ClassVar = {
        "username": {"required": N_("Enter the username that the person had")},
        "previous_school": {"required": N_("Enter the number of the previous school")},
        "new_school": {"required": N_("Enter the number of this school")},
    }

    school = ""

    def clean_new_school(self) -> str:
        if parse_dfes_number(self.cleaned_data["new_school"]) != self.school:
            raise ValidationError(N_("This is not the number of this school"))
        return self.school

    def clean_previous_school(self) -> str:
        number = parse_dfes_number(self.cleaned_data["previous_school"])
        if number is None:
            raise ValidationError(N_("A school number has 7 digits"))
        return number


@page(Action.INVITE_TO_MOVE, methods="GET POST")
def invite(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    record = staff.staff_member(account=account, school=dfes, language=request.language)
    if record is None or not record.row.here:
        raise Http404
    back = address("staff-member", dfes=dfes, account=account)
    form = InviteForm.of(request, initial={"new_school": dfes})
    form.school = dfes
    if form.is_sent():
        wanted = Wanted(form.cleaned_data["previous_school"], form.cleaned_data["username"], dfes)
        try:
            consolidation.open_for(
                account=account, wanted=wanted, acting_user=f"account {request.person.account}", now=clock.now()
            )
        except ConsolidationRefused as refused:
            form.add_refusal("previous_school", refused.text)
        else:
            banner.put(request, Text(N_("The member of staff has been invited to complete the request.")))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/invite_to_move.html", title=N_("Keep an earlier account"), form=form, section="staff",
        back=back, name=full_name(record.row),
    )  # fmt: skip


def of_staff(request: PageRequest, dfes: str, account: UUID) -> list[dict[str, Any]]:
    """Requests about an account move, for the record (B14): how they stand, and nothing of the other account."""
    if not may(request.person, Action.SEE_STAFF, school=dfes):
        return []
    return [
        {"label": N_("Move of account"), "value": f"{case.row.reference}: {say(STATUS[case.status])}"}
        for case in rows.about(account, on=clock.today())
        if case.row.new_school == dfes
    ]


urlpatterns = [path("school/<str:dfes>/staff/<uuid:account>/move/", invite, name="invite-to-move")]
