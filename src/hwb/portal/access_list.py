"""B18: who can manage accounts in this school; appointing, removing, confirming a headteacher and the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import actors, staff
from hwb.directory.queries.roles import GrantRow, granted
from hwb.operations import invitations, roles, sessions, settings
from hwb.operations.invitations import InvitationRefused
from hwb.operations.roles import Reach, RoleRefused
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import ROLE_NAMES, show
from hwb.web.language import is_switch
from hwb.web.lists import Filter, FilterBox, Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Role, may
from hwb.web.words import N_, Text, say

COLUMNS = {
    "name": N_("Name"), "role": N_("Role"), "by": N_("Given by"), "at": N_("Given on"),
    "step": N_("Second step"), "signed_in": N_("Last sign-in"), "act": N_("What can be done"),
}  # fmt: skip
_APPOINTED = (Role.CHAMPION, Role.MIS_ADMIN)
_MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody with a role here, or proposed as head; act: address and word of what the reader may do about it.

    invite: where an invitation is sent again, to somebody from outside the school's data who has never signed in;
    new_password: where a member of staff who has never signed in gets a password.
    """

    name: str
    username: str
    role: str
    by: str
    given_at: datetime | None
    last_sign_in: datetime | None
    second_step: bool
    proposed: bool
    address: str
    act: str
    invite: str
    new_password: str


class FindForm(PageForm):
    """A member of staff to appoint."""

    name = forms.CharField(label=N_("Name or staff code of a member of staff"), max_length=100)
    errors_said: ClassVar = {"name": {"required": N_("Enter a name or a staff code")}}


@page(Action.SEE_PEOPLE_WITH_ACCESS, post=Action.APPOINT, methods="GET")
def people(request: PageRequest, dfes: str) -> HttpResponse:
    """The list; by POST it is confirmed as right for this year."""
    today = clock.today()
    if request.method == "POST" and not is_switch(request):
        now = clock.now()
        settings.put(key=f"access.confirmed.{dfes}", value=today.isoformat(), acting_user=_acting(request), now=now)
        banner.put(request, Text(N_("The list is confirmed.")))
        return HttpResponseRedirect(reverse("people-with-access", args=[dfes]))
    found = granted(today=today, school=dfes)
    named = actors.names(row.given_by for row in found)
    listing = Listing.of(request, filters=("role",))
    asked = listing.filters["role"]
    lines = [_line(request, dfes, row, named) for row in found if asked in ("", row.role)]
    held = dict.fromkeys(row.role for row in found)
    roles_ = [(role, say(ROLE_NAMES[Role(role)], domain="web")) for role in held]
    box = FilterBox(listing, (Filter("role", N_("Role"), roles_),)) if len(roles_) > 1 or asked else None
    confirmed = settings.of_school("access.confirmed", dfes)
    return show(
        request, "portal/access_list.html", title=N_("People with access"), lines=lines, columns=COLUMNS, box=box,
        confirmed=date.fromisoformat(confirmed) if confirmed else None,
        champions=any(row.role == Role.CHAMPION and row.state == "given" for row in found),
        may_help=may(request.person, Action.RESET_SECOND_STEP, school=dfes),
        may_appoint=may(request.person, Action.APPOINT, school=dfes),
    )  # fmt: skip


@page(Action.APPOINT, methods="GET POST")
def appoint(request: PageRequest, dfes: str) -> HttpResponse:
    """Finds a member of staff of the school and gives them a role."""
    back = reverse("people-with-access", args=[dfes])
    form = FindForm.of(request)
    found: tuple[staff.StaffRow, ...] = ()
    if form.is_sent():
        listed = staff.staff(school=dfes, language=request.language, search=form.cleaned_data["name"], size=_MOST_FOUND)
        found = tuple(row for row in listed.rows if row.account is not None and row.username)
        role = request.POST.get("role", "")
        chosen = next((row for row in found if str(row.account) == request.POST.get("account")), None)
        if chosen is not None and role in _APPOINTED:
            refused = _give(request, Reach(role, dfes), chosen.username)
            if refused is None:
                banner.put(request, Text(N_("The role was given.")))
                return HttpResponseRedirect(back)
            form.add_refusal(None, refused)
        elif "choose" in request.POST:
            form.add_error(None, N_("Choose a person and a role"))
    return show(
        request, "portal/appoint.html", title=N_("Give somebody access"), form=form, found=found, back=back,
        section="people-with-access", roles=[(role.value, ROLE_NAMES[role]) for role in _APPOINTED],
    )  # fmt: skip


@page(Action.APPOINT, methods="GET POST")
def remove(request: PageRequest, dfes: str, holder: UUID, role: str) -> HttpResponse:
    """Takes a role, after a page that says whose; not one's own, and not the last Digital Champion's.

    Whoever holds a role here need not be on the school's lists: the role's own row says that they are the school's.
    """
    row = _grant(dfes, holder, role, "given")
    if row is None or (role == Role.HEAD and not may(request.person, Action.CONFIRM_HEAD, school=dfes)):
        raise Http404
    form = PageForm.of(request)
    back = reverse("people-with-access", args=[dfes])
    if form.is_sent():
        now = clock.now()
        try:
            roles.revoke(
                Reach(role, dfes), username=row.username, acting_user=_acting(request),
                acting_account=request.person.account, now=now, on=clock.calendar_date(now),
            )  # fmt: skip
        except RoleRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("The role was taken away.")))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/access_remove.html", title=N_("Take this role away"), form=form, name=row.name,
        role=ROLE_NAMES[Role(role)], button=N_("Take this role away"), back=back, warns=True,
    )  # fmt: skip


@page(Action.APPOINT, methods="GET POST")
def invite(request: PageRequest, dfes: str, holder: UUID) -> HttpResponse:
    """Sends an invitation again, after a page that says what it does: a new link, and the old one ends."""
    found = granted(today=clock.today(), school=dfes)
    row = next((row for row in found if row.account == holder and row.state == "given" and row.outsider), None)
    if row is None:
        raise Http404
    form = PageForm.of(request)
    back = reverse("people-with-access", args=[dfes])
    if form.is_sent():
        try:
            invitations.resend(
                account=holder, school=dfes, acting_user=_acting(request), now=clock.now(), at=datetime.now(UTC)
            )
        except InvitationRefused as refused:
            form.add_refusal(None, refused.text)
        else:
            banner.put(request, Text(N_("The invitation is sent by e-mail. The link of the earlier one has ended.")))
            return HttpResponseRedirect(back)
    return show(
        request, "portal/access_invite.html", title=N_("Send the invitation again"), form=form, name=row.name,
        button=N_("Send the invitation again"), days=sessions.LASTS[sessions.Purpose.FIRST].days, back=back,
    )  # fmt: skip


@page(Action.CONFIRM_HEAD, methods="GET POST")
def confirm_head(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The school's data says that somebody is head: the present head, the authority or an operator confirms it."""
    row = _grant(dfes, account, Role.HEAD, "proposed")
    if row is None:
        raise Http404
    form = PageForm.of(request)
    may_see = may(request.person, Action.SEE_PEOPLE_WITH_ACCESS, school=dfes)
    back = reverse("people-with-access", args=[dfes]) if may_see else reverse("start")
    if form.is_sent():
        refused = _give(request, Reach("head", dfes), row.username)
        if refused is None:
            banner.put(request, Text(N_("The headteacher is confirmed.")))
            return HttpResponseRedirect(back)
        form.add_refusal(None, refused)
    return show(
        request, "portal/access_head.html", title=N_("Confirm the headteacher"), form=form, name=row.name,
        button=N_("Confirm the headteacher"), back=back,
    )  # fmt: skip


def _line(request: PageRequest, dfes: str, row: GrantRow, named: dict[str, str]) -> Line:
    proposed = row.state == "proposed"
    own = row.account == request.person.account
    address, act = "", ""
    if not own and proposed and may(request.person, Action.CONFIRM_HEAD, school=dfes):
        address, act = reverse("confirm-head", args=[dfes, row.account]), N_("Confirm")
    wanted = Action.CONFIRM_HEAD if row.role == Role.HEAD else Action.APPOINT
    if not own and not proposed and may(request.person, wanted, school=dfes):
        address, act = reverse("remove-role", args=[dfes, row.account, row.role]), N_("Take away")
    unseen = not own and not proposed and row.last_sign_in is None
    invite_, password = "", ""
    if unseen and row.outsider and may(request.person, Action.APPOINT, school=dfes):
        invite_ = reverse("invite", args=[dfes, row.account])
    if unseen and not row.outsider and may(request.person, Action.RESET_STAFF_PASSWORD, school=dfes):
        password = reverse("reset-password", args=[dfes, row.account])
    return Line(
        row.name, row.username, ROLE_NAMES[Role(row.role)], named.get(row.given_by, row.given_by), row.given_at,
        row.last_sign_in, row.second_step, proposed, address, act, invite_, password,
    )  # fmt: skip


def _grant(dfes: str, account: UUID, role: str, state: str) -> GrantRow | None:
    found = granted(today=clock.today(), school=dfes)
    return next((row for row in found if (row.account, row.role, row.state) == (account, role, state)), None)


def _give(request: PageRequest, reach: Reach, username: str) -> Text | None:
    """Gives the role; what was refused is given back."""
    now = clock.now()
    try:
        roles.grant(
            reach, username=username, acting_user=_acting(request), acting_account=request.person.account, now=now,
            on=clock.calendar_date(now),
        )  # fmt: skip
    except RoleRefused as refused:
        return refused.text
    return None


def _acting(request: PageRequest) -> str:
    return f"account {request.person.account}"


urlpatterns = [
    path("school/<str:dfes>/access-list/", people, name="people-with-access"),
    path("school/<str:dfes>/access-list/add/", appoint, name="appoint"),
    path("school/<str:dfes>/access-list/<uuid:account>/head/", confirm_head, name="confirm-head"),
    path("school/<str:dfes>/access-list/<uuid:holder>/invite/", invite, name="invite"),
    path("school/<str:dfes>/access-list/<uuid:holder>/<str:role>/", remove, name="remove-role"),
]
