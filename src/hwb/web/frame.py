"""What stands around every page: navigation by role, the school, the other language, help (ux.md 3.1, 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from hwb.directory.queries import messages
from hwb.web import banner, idle
from hwb.web.language import LANGUAGES, in_language
from hwb.web.policy import AREA_ROLES, NATION_ROLES, RANK, Grant, Person, Role
from hwb.web.words import N_, Text, language_now, say

#: Role → its links in order: what it says and the name of its route. A route that is not there yet is left out.
NAVIGATION: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.CHAMPION: (
        (N_("Home"), "school-home"), (N_("Learners"), "learners"), (N_("Staff"), "staff"),
        (N_("Provisioning"), "provisioning"), (N_("Rollover"), "rollover"), (N_("Requests"), "requests"),
    ),
    Role.TEACHER: ((N_("My classes"), "my-classes"), (N_("Requests"), "requests")),
    Role.MIS_ADMIN: (
        (N_("Home"), "school-home"), (N_("To put right"), "to-put-right"), (N_("Provisioning"), "provisioning"),
        (N_("Rollover"), "rollover"),
    ),
    Role.HEAD: (
        (N_("Home"), "school-home"), (N_("Decisions"), "decisions"), (N_("Rollover"), "rollover"),
        (N_("People with access"), "people-with-access"),
    ),
    Role.CLIENT_MANAGER: (
        (N_("Schools"), "area"), (N_("Clients"), "clients"), (N_("Rollover"), "area-rollover"),
        (N_("Requests"), "area-requests"),
    ),
    Role.AREA_OFFICER: (
        (N_("Schools"), "area"), (N_("Transfers"), "transfers"), (N_("Rollover"), "area-rollover"),
        (N_("Decisions"), "area-decisions"), (N_("Requests"), "area-requests"),
    ),
    Role.AGENT: (
        (N_("Search"), "support-search"), (N_("Cases"), "cases"), (N_("Schools"), "support-schools"),
        (N_("Answers"), "answers"),
    ),
    Role.OPERATOR: (
        (N_("Today"), "today"), (N_("Schools"), "area"), (N_("Rollover"), "nation-rollover"), (N_("Holds"), "holds"),
        (N_("Matching"), "matching"), (N_("Services"), "services"), (N_("Connected services"), "connected-services"),
        (N_("Settings"), "nation-settings"), (N_("Audit"), "audit"),
    ),
    Role.AUDITOR: ((N_("Audit"), "audit"),),
}  # fmt: skip

ROLE_NAMES = {
    Role.LEARNER: N_("Learner"), Role.STAFF: N_("Staff member"), Role.TEACHER: N_("Class teacher"),
    Role.MIS_ADMIN: N_("MIS administrator"), Role.CHAMPION: N_("Digital Champion"), Role.HEAD: N_("Headteacher"),
    Role.CLIENT_MANAGER: N_("Client manager"), Role.AREA_OFFICER: N_("Local authority officer"),
    Role.AGENT: N_("Support agent"), Role.OPERATOR: N_("Platform operator"), Role.AUDITOR: N_("Auditor"),
}  # fmt: skip


#: In the session: that the language was changed beside a form, and that it was offered to keep it.
_CHANGED, _OFFERED = "language-changed", "language-offered"


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """One link; `current` when the page is this one or below it."""

    text: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One role somebody has at one school or area, and where its pages begin; no address while it has no page."""

    role: Role
    role_name: str
    name: str
    name_language: str
    address: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The surroundings of one page, for templates/web/page.html."""

    person: Person | None
    place: Place | None
    has_several: bool
    navigation: tuple[NavigationLink, ...]
    banner: str
    telephone: str
    email: str
    question: str
    other_address: str
    #: Seconds without a click after which the page warns, and then to the end; 0 where nobody is signed in.
    warns_after: int = 0
    ends_after: int = idle.WARNED_BEFORE
    #: Whether the page offers to keep its language (ux.md 13.1): once a visit, after it was changed.
    offers_language: bool = False


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the language and the path; the frame itself is made by `show`."""
    return {"language": language_now(), "here": request.get_full_path()}


def show(
    request: HttpRequest,
    template: str,
    *,
    title: Text | str,
    status: int = 200,
    section: str = "",
    back: str = "",
    trail: Sequence[tuple[str, str]] = (),
    **values: Any,
) -> HttpResponse:
    """Renders a page in its frame.

    title: the h1 and the start of <title>: a Text or a sentence marked by N_ (a name, too: it stands as it is).
    section: the route whose navigation link is current, when it is not the page's own.
    back: address of the back link. trail: breadcrumbs, (text, address) from the outermost.
    values: what the template shows. `form` also gives the error summary, "Error:" in the title and a language
    switch that keeps what was typed; `paging` gives "page 2 of 7" in the title.
    """
    heading = say(title)
    around = frame_of(request, section, asks=status < 400)
    if status < 400 and _offers_language(request, form="form" in values):
        around = replace(around, offers_language=True)
    rendered = {"title": heading, "frame": around, "back": back, "trail": trail, **values}
    return render(request, template, rendered, status=status)


def frame_of(request: HttpRequest, section: str = "", *, asks: bool = False) -> Frame:
    """The frame of a request, also where nobody is signed in or the database is away. asks: support can be asked about
    this page; of a page that is not there nothing is told, also not whether there is one."""
    person: Person | None = getattr(request, "person", None)
    match = request.resolver_match
    school = str(match.kwargs.get("dfes", "")) if match else ""
    shown = person if not getattr(request, "leads_nowhere", False) else None
    held = _held(shown, school, getattr(request, "access", None)) if shown else None
    return Frame(
        person,
        place_of(held) if held else None,
        shown is not None and len(shown.grants) > 1,
        _navigation(held, school, section or (match.url_name or "" if match else "")) if held else (),
        banner.take(request),
        settings.HWB_HELP_TELEPHONE,
        settings.HWB_HELP_EMAIL,
        _question(request) if asks and person is not None else "",
        in_language(request.get_full_path(), "en" if language_now() == "cy" else "cy"),
        idle.warned_after(person.kind) if person is not None else 0,
    )


def _offers_language(request: HttpRequest, *, form: bool) -> bool:
    """Whether the language was changed in this visit and nobody has been asked yet whether it is to stay.

    form: the page has one, and what is typed there must not be lost by an answer: the next page without one asks.
    """
    person: Person | None = getattr(request, "person", None)
    if person is None or getattr(request, "leads_nowhere", False) or request.session.get(_OFFERED):
        return False
    before, now = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""), language_now()
    waits = bool(request.session.get(_CHANGED)) ^ (before in LANGUAGES and before != now)
    if form or request.method != "GET":
        if waits != bool(request.session.get(_CHANGED)):
            request.session[_CHANGED] = waits
        return False
    if not waits:
        return False
    request.session[_OFFERED] = True
    return messages.choice(person.account).pages != now


def _question(request: HttpRequest) -> str:
    """An e-mail to support that says which page it is about: the page, the school, the run. The writer sees it all."""
    match = request.resolver_match
    parts = match.kwargs if match else {}
    lines = [say(Text(N_("Page: {address}"), {"address": request.build_absolute_uri(request.path)}), domain="web")]
    if "dfes" in parts:
        lines.append(say(Text(N_("School number: {number}"), {"number": str(parts["dfes"])}), domain="web"))
    if "run" in parts:
        lines.append(say(Text(N_("Run: {reference}"), {"reference": str(parts["run"])}), domain="web"))
    body = "\n".join((*lines, "", say(N_("My question (please write no names, UPNs or passwords):"), domain="web"), ""))
    sent = urlencode({"subject": say(N_("Question about a page"), domain="web"), "body": body}, quote_via=quote)
    return f"mailto:{settings.HWB_HELP_EMAIL}?{sent}"


def places(person: Person) -> tuple[Place, ...]:
    """Everything the person is, in the order of names, each with where it begins."""
    return tuple(sorted((place_of(grant) for grant in person.grants), key=lambda place: (place.name, place.role)))


def place_of(grant: Grant) -> Place:
    """A role as the page names it."""
    name, language = name_in_language(grant.name_en, grant.name_cy)
    if grant.role in NATION_ROLES:
        name, language = say(N_("Wales"), domain="web"), language_now()
    links = _links(grant, grant.school)
    return Place(
        grant.role, say(ROLE_NAMES[grant.role], domain="web"), name or grant.school or grant.area, language,
        links[0][2] if links else "",
    )  # fmt: skip


def name_in_language(name_en: str, name_cy: str) -> tuple[str, str]:
    """The name in the page's language, else the other one; and the language it is in (ux.md 13.3)."""
    own, other = (name_cy, name_en) if language_now() == "cy" else (name_en, name_cy)
    if own:
        return own, language_now()
    return other, "en" if language_now() == "cy" else "cy"


def _held(person: Person, school: str, access: Any) -> Grant | None:
    """The role whose navigation the page shows: the one that let the person in, else the leading one here."""
    here = [grant for grant in person.grants if not school or grant.covers(school)]
    if not here:
        return None
    let_in = [grant for grant in here if access is not None and grant.role is access.role]
    leading = [grant for grant in here if not school or grant.school == school]
    return min(let_in or leading or here, key=lambda grant: RANK.index(grant.role))


def _navigation(grant: Grant, school: str, section: str) -> tuple[NavigationLink, ...]:
    school = grant.school or school
    return tuple(
        NavigationLink(say(text, domain="web"), address, route == section)
        for text, route, address in _links(grant, school)
    )


def _links(grant: Grant, school: str) -> list[tuple[str, str, str]]:
    parts = {} if grant.role in AREA_ROLES | NATION_ROLES else {"dfes": school}
    found = []
    for text, route in NAVIGATION.get(grant.role, ()):
        try:
            found.append((text, route, reverse(route, kwargs=parts)))
        except NoReverseMatch:
            continue  # the page is not built yet
    return found
