"""What the pages about one person or many have in common: who was chosen, by address or by boxes."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse

from hwb.directory.queries import members
from hwb.directory.queries.members import Member
from hwb.portal.naming import year_name
from hwb.web.page import PageRequest
from hwb.web.words import N_, Text, say

#: The most people that one page acts on.
MOST = 2_000
CHOSEN = "chosen"  # the hidden field in which the chosen travel on, their ids parted by spaces


def person_of(request: PageRequest, account: UUID) -> Member:
    """The person of the address. 404 when the school does not have them any more and another one does."""
    found = members.one(account=account, school=request.access.school, language=request.language)
    if found is None:
        raise Http404
    return found


def chosen(request: HttpRequest) -> tuple[UUID, ...]:
    """The ids that were sent: boxes named `account`, or the hidden field of a page before. What is no id is left."""
    sent = [*request.POST.getlist("account"), *request.POST.get(CHOSEN, "").split()]
    found = dict.fromkeys(account for account in map(_id, sent) if account is not None)
    return tuple(found)[:MOST]


def kept(accounts: tuple[UUID, ...]) -> str:
    """The value of the hidden field."""
    return " ".join(account.hex for account in accounts)


def record_of(person: Member, school: str) -> str:
    """Where the person's own page is, empty while there is none."""
    return link("staff-member" if person.kind == "staff" else "learner", school, person.account)


def section_of(person: Member) -> str:
    """The route whose link of the navigation is current on a page about the person."""
    return "staff" if person.kind == "staff" else "learners"


def link(route: str, *parts: object) -> str:
    """The address of a page that may not be there."""
    try:
        return reverse(route, args=parts)
    except NoReverseMatch:
        return ""


def where(person: Member) -> Text:
    """Year group and class, or that it is a member of staff: the line beneath the heading."""
    if person.kind != "learner":
        return Text(N_("Member of staff"))
    year = year_name(person.year_group)
    if person.class_:
        return Text(N_("{year}, class {class}"), {"year": say(year), "class": person.class_})
    return year


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
