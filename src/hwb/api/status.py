"""The status page: accounts by kind and state, schools with their Last Run, the newest runs. Nobody's name.

It stands at `/` until the portal does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.views.decorators.http import require_safe

from hwb import clock
from hwb.api.access import DATABASE_AWAY, Caller
from hwb.api.texts import language_of
from hwb.directory.queries import nation, runs, schools
from hwb.extract.texts import N_, Language, Text, ngettext, render
from hwb.operations import settings

NEWEST_RUNS = 20

_WORDS = {
    "service": N_("Hwb accounts"),
    "skip": N_("Skip to main content"),
    "title": N_("Status of accounts and schools"),
    "accounts": N_("Accounts"),
    "kind": N_("Kind"),
    "active": N_("Active"),
    "inactive": N_("Inactive"),
    "schools": N_("Schools"),
    "school": N_("School"),
    "number": N_("School number"),
    "last_run": N_("Last Run"),
    "freshness": N_("Data"),
    "later": N_("Later attempt"),
    "waits": N_("Others wait"),
    "last_year": N_("Holds last year's classes"),
    "runs": N_("Newest runs"),
    "received": N_("Received"),
    "state": N_("State"),
    "no_accounts": N_("There are no accounts yet. They appear when a school's first run is applied."),
    "no_schools": N_("No school is registered yet. An operator registers them with: hwb schools import"),
    "no_runs": N_("No run has been received yet. A school's client sends the first one."),
    "never": N_("Never"),
    "none": N_("None"),
    "away_title": N_("The service is unavailable"),
    "away": N_("The database does not answer. Clients will keep trying. You do not need to run them again."),
    "languages": N_("Language"),
    "api": N_("Description of the provisioning API"),
}
_KINDS = {
    "learner": N_("Learners"),
    "staff": N_("Staff"),
    "official": N_("Others"),
}
_STATES = {
    "received": N_("In progress"),
    "applied": N_("Completed"),
    "applied with refusals": N_("Completed with refusals"),
    "no change": N_("No change"),
    "held": N_("Held for review"),
    "withdrawn": N_("Withdrawn"),
    "replaced": N_("Replaced by a newer run"),
    "refused": N_("Refused"),
    "undone": N_("Undone"),
    "failed": N_("Failed"),
    "previewed": N_("Preview"),
}
_FRESHNESS = {
    "up to date": N_("Up to date"),
    "getting old": N_("Getting old"),
    "overdue": N_("Overdue"),
    "never run": N_("Never run"),
}
_MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KindLine:
    kind: str
    active: int
    inactive: int


@dataclass(frozen=True, slots=True)
class SchoolLine:
    number: str
    name: str
    name_language: Language
    last_run: str
    freshness: str
    freshness_class: str
    later: str
    waits: int
    last_year: bool


@dataclass(frozen=True, slots=True)
class RunLine:
    school: str
    received: str
    state: str


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Everything the template shows, in the page's language."""

    language: Language
    headline: str
    kinds: tuple[KindLine, ...]
    schools: tuple[SchoolLine, ...]
    runs: tuple[RunLine, ...]


@require_safe
def choose_language(request: HttpRequest) -> HttpResponse:
    """Leads to the page in the reader's language."""
    response = HttpResponseRedirect(reverse(f"status-{language_of(request)}"))
    response["Vary"] = "Accept-Language"
    return response


@require_safe
def status_page(request: HttpRequest, language: Language) -> HttpResponse:
    """The page in one language; 503 in the same frame when the database is away."""
    words = {key: _say(text, language) for key, text in _WORDS.items()}
    context: dict[str, Any] = {"language": language, "words": words}
    try:
        context["page"] = _page(language)
    except DATABASE_AWAY:
        return _headers(render_page(request, "status/away.html", context, status=503))
    return _headers(render_page(request, "status/status.html", context))


choose_language.hwb_caller = status_page.hwb_caller = Caller.ANYONE  # type: ignore[attr-defined]


def _page(language: Language) -> StatusPage:
    now = clock.now()
    statuses = schools.statuses(on=clock.calendar_date(now), now=now, limits=settings.school_limits())
    fresh = sum(row.freshness == "up to date" for row in statuses)
    headline = ngettext(
        "{fresh} of {count} school is up to date.", "{fresh} of {count} schools are up to date.",
        len(statuses), fresh=fresh,
    )  # fmt: skip
    names = {row.school: _name(row, language) for row in statuses}
    return StatusPage(
        language,
        render(headline, language=language, domain="server"),
        tuple(KindLine(_say(_KINDS[row.kind], language), row.active, row.inactive) for row in nation.account_counts()),
        tuple(_school_line(row, language) for row in statuses),
        tuple(
            RunLine(
                names.get(row.school, (row.school, language))[0],
                _moment(row.received_at, language),
                _say(
                    _STATES["applied with refusals" if row.state == "applied" and row.refused else row.state], language
                ),
            )
            for row in runs.newest(limit=NEWEST_RUNS)
        ),
    )


def _school_line(row: schools.SchoolStatus, language: Language) -> SchoolLine:
    name, name_language = _name(row, language)
    later = ""
    if row.last_attempt is not None:
        later = render(
            Text(
                N_("{date}: {state}"),
                {
                    "date": _moment(row.last_attempt.at, language),
                    "state": _say(_STATES[row.last_attempt.state], language),
                },
            ),
            language=language,
            domain="server",
        )
    return SchoolLine(
        row.school, name, name_language,
        _moment(row.last_run.at, language) if row.last_run else "",
        _say(_FRESHNESS[row.freshness], language), row.freshness.replace(" ", "-"),
        later, row.waits_caused, row.last_years_classes,
    )  # fmt: skip


def _name(row: schools.SchoolStatus, language: Language) -> tuple[str, Language]:
    """The school's name in the page's language, else in the other, marked as such."""
    other: Language = "en" if language == "cy" else "cy"
    own, spare = (row.name_cy, row.name_en) if language == "cy" else (row.name_en, row.name_cy)
    return (own, language) if own else (spare, other)


def _moment(moment: datetime, language: Language) -> str:
    """ "1 September 2018, 02:14", Europe/London, in both languages with the 24-hour clock."""
    local = moment.astimezone(clock.LONDON)
    return f"{local.day} {_say(_MONTHS[local.month - 1], language)} {local.year}, {local:%H:%M}"


def _say(message: str, language: Language) -> str:
    return render(Text(message), language=language, domain="server")


def _headers(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
