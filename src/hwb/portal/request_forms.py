"""What each kind of a school's request asks, and what is sent (B17)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.urls import reverse

from hwb import clock
from hwb.directory.queries import explanations, movers, roles
from hwb.identifiers import clean_upn
from hwb.lifecycle import explain
from hwb.lifecycle.desk import Kind
from hwb.operations import consolidation, lookups, settings
from hwb.operations.consolidation import ConsolidationRefused, Wanted
from hwb.operations.desk import cases
from hwb.operations.desk.refusals import DeskRefused
from hwb.operations.desk.storing import LONGEST, NewCase
from hwb.portal.find_learner import fault_of
from hwb.portal.invite_to_move import InviteForm
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.page import PageRequest
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text


class TooMany(Exception):
    """More people of other schools than may be looked up in an hour."""

    text = Text(N_("You have looked up many learners of other schools. Wait an hour, or telephone Hwb Support."))


REFUSALS = (DeskRefused, ConsolidationRefused, TooMany)
_NO_UPNS = N_("Write no UPNs and no passwords here.")


class RequestForm(PageForm):
    """A request of some kind; `send` opens it and gives the address to go on to."""

    at_fault: ClassVar[str | None] = None

    def prepare(self, request: PageRequest, dfes: str) -> None:
        """What the school and the address add to the form."""

    def send(self, request: PageRequest, dfes: str) -> str:
        """Opens the case. Raises one of REFUSALS."""
        return _opened(request, dfes, self.new_case(request, dfes))

    def new_case(self, request: PageRequest, dfes: str) -> NewCase:
        raise NotImplementedError


class LearnerForm(RequestForm):
    """A learner cannot be found: the UPN, and what else is known."""

    at_fault = "upn"
    upn = forms.CharField(
        label=N_("UPN"), help_text=N_("The UPN is on the transfer form and in your MIS."), max_length=20,
        widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    details = forms.CharField(
        label=N_("What else we should know (optional)"), help_text=_NO_UPNS, max_length=LONGEST, required=False,
        widget=forms.Textarea,
    )  # fmt: skip
    errors_said: ClassVar = {"upn": {"required": N_("Enter the UPN")}}

    def clean_upn(self) -> str:
        upn = clean_upn(self.cleaned_data["upn"].replace("-", ""))
        if (fault := fault_of(upn)) is not None:
            raise forms.ValidationError(fault.message, params=dict(fault.values))
        return upn

    def new_case(self, request: PageRequest, dfes: str) -> NewCase:
        """With the explanation as it is now; a look at another school's learner is recorded and limited."""
        upn, on, limits = self.cleaned_data["upn"], clock.today(), settings.explanation_limits(school=dfes)
        facts = explanations.learner(upn=upn, school=dfes, on=on, limits=limits)
        actor, now = f"account {request.person.account}", clock.now()
        # Also where nobody is known by the UPN: waiting must not tell who is protected from who does not exist.
        if not lookups.is_own(facts, dfes) and lookups.free_at(school=dfes, acting_user=actor, now=now) is not None:
            raise TooMany
        try:
            lookups.record(facts=[facts], school=dfes, acting_user=actor, now=now, limited=True)
        except lookups.TooManyLookUps:
            raise TooMany from None
        account = facts.learner.account
        return NewCase(
            Kind.LEARNER, dfes, UUID(account.id) if account else None, upn=upn, details=self.cleaned_data["details"],
            code=explain.learner(facts, on=on, limits=limits).code,
        )  # fmt: skip


class AccountForm(RequestForm):
    """A wrong or duplicate account: the school's own people only, so that nothing is told of anybody else."""

    at_fault = "username"
    username = forms.CharField(
        label=N_("Username"), max_length=254, widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"})
    )
    second = forms.CharField(
        label=N_("The other username, if there are two accounts (optional)"), max_length=254, required=False,
        widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    details = forms.CharField(label=N_("What is wrong"), help_text=_NO_UPNS, max_length=LONGEST, widget=forms.Textarea)
    errors_said: ClassVar = {
        "username": {"required": N_("Enter the username")}, "details": {"required": N_("Say what is wrong")},
    }  # fmt: skip

    def new_case(self, _request: PageRequest, dfes: str) -> NewCase:
        second = self.cleaned_data["second"].strip()
        return NewCase(
            Kind.ACCOUNT, dfes, _own(self.cleaned_data["username"], dfes), _own(second, dfes) if second else None,
            details=self.cleaned_data["details"],
        )  # fmt: skip


class TextForm(RequestForm):
    """A question, or a problem with the client: in words."""

    at_fault = "details"
    kind: ClassVar[Kind] = Kind.QUESTION
    details = forms.CharField(label=N_("Your question"), help_text=_NO_UPNS, max_length=LONGEST, widget=forms.Textarea)
    errors_said: ClassVar = {"details": {"required": N_("Write what you want to know")}}

    def new_case(self, _request: PageRequest, dfes: str) -> NewCase:
        return NewCase(self.kind, dfes, details=self.cleaned_data["details"])


class ClientForm(TextForm):
    kind = Kind.CLIENT
    details = forms.CharField(
        label=N_("What the client does, or does not do"),
        help_text=N_("What it last said helps us most. No passwords."),
        max_length=LONGEST, widget=forms.Textarea,
    )  # fmt: skip
    errors_said: ClassVar = {"details": {"required": N_("Say what the client does")}}


class ReplyForm(PageForm):
    """What the school answers, or adds."""

    text = forms.CharField(
        label=N_("Your message to Hwb Support"), help_text=_NO_UPNS, max_length=LONGEST, widget=forms.Textarea
    )
    errors_said: ClassVar = {"text": {"required": N_("Write your message")}}


class MoveForm(InviteForm):
    """Keep an earlier account: opens a case of consolidation and invites the member of staff (R25)."""

    at_fault: ClassVar[str | None] = "member"
    member = forms.CharField(
        label=N_("Username of the member of staff at this school"), max_length=254,
        widget=forms.TextInput(attrs={"plain": True, "autocomplete": "off"}),
    )  # fmt: skip
    field_order: ClassVar[list[str]] = [  # type: ignore[misc] # as Django reads it: of the class
        "member",
        "username",
        "previous_school",
        "new_school",
    ]
    errors_said: ClassVar = {
        **InviteForm.errors_said, "member": {"required": N_("Enter the username that the person has at this school")},
    }  # fmt: skip

    def prepare(self, _request: PageRequest, dfes: str) -> None:
        self.school = dfes
        self.initial.setdefault("new_school", dfes)

    def send(self, request: PageRequest, dfes: str) -> str:
        given = self.cleaned_data
        account = _own(given["member"], dfes)
        wanted = Wanted(given["previous_school"], given["username"], dfes)
        consolidation.open_for(
            account=account, wanted=wanted, acting_user=f"account {request.person.account}", now=clock.now()
        )
        banner.put(request, Text(N_("The member of staff has been invited to complete the request.")))
        return reverse("requests", args=[dfes])


@dataclass(frozen=True, slots=True)
class Asking:
    """One kind of request as the page offers it: its name, what it is for, its form, and the right that it takes."""

    title: str
    hint: str
    form: type[Any]
    action: Action = Action.SEE_REQUESTS


_KINDS = {
    "learner": Asking(
        N_("Learner cannot be found"), N_("Find my learner did not help, or says that support decides."), LearnerForm,
        Action.FIND_LEARNER,
    ),
    "account": Asking(
        N_("Wrong or duplicate account"), N_("Somebody has two accounts, or an account shows the wrong person."),
        AccountForm, Action.SEE_STAFF,
    ),
    "move": Asking(
        N_("Keep an earlier account"),
        N_("A member of staff who came from another school in Wales wants to keep the account from there."), MoveForm,
        Action.INVITE_TO_MOVE,
    ),
    "client": Asking(
        N_("Client problem"), N_("The Provisioning Client does not run, or does not send what it should."), ClientForm,
        Action.SEE_RUNS,
    ),
    "question": Asking(N_("Question"), N_("Anything else about accounts."), TextForm),
}  # fmt: skip


def offered(request: PageRequest, dfes: str) -> list[tuple[str, Asking]]:
    """The kinds that the reader may ask for at this school."""
    return [(name, kind) for name, kind in _KINDS.items() if may(request.person, kind.action, school=dfes)]


def _opened(request: PageRequest, dfes: str, new: NewCase) -> str:
    acting = request.person.account
    new = replace(new, language=request.language, asked_by=acting)
    number = cases.request(new, acting_account=acting, acting_user=f"account {acting}", now=clock.now())
    banner.put(request, Text(N_("Sent to Hwb Support. Your reference is {reference}."), {"reference": f"HW-{number}"}))
    return reverse("request", args=[dfes, number])


def _own(username: str, dfes: str) -> UUID:
    """The school's own person with this username. Raises DeskRefused, alike for nobody's and for somebody else's."""
    account = movers.account_of(username)
    if account is None or not roles.belongs(account, school=dfes, classes=None):
        raise DeskRefused("not_own", username=username.strip())
    return account
