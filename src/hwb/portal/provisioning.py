"""B2: provisioning status. When was the Last Run, what changed, what was refused, and what comes next?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.safestring import SafeString

from hwb import clock
from hwb.directory.queries import provisioning as rows
from hwb.directory.queries import schools
from hwb.directory.queries.provisioning import ClientFacts, RunLine
from hwb.lifecycle import expected
from hwb.operations import messages, wishes
from hwb.operations import settings as nation_settings
from hwb.operations.messages import Told
from hwb.portal import run_words
from hwb.portal.places import address
from hwb.portal.run_words import Attempt
from hwb.web import banner, pictures, words
from hwb.web.downloads import csv_response
from hwb.web.frame import show
from hwb.web.lists import Filter, FilterBox, Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, Person, Scope, may
from hwb.web.status import WORDS
from hwb.web.words import N_, Text, moment, say

FIGURES = ("created", "claimed", "updated", "released", "reactivated", "missing", "refused")
COLUMNS = {
    "started": N_("Started"), "result": N_("Result"), "learners": N_("Learners received"),
    "staff": N_("Staff received"), "created": N_("New"), "claimed": N_("Claimed"), "updated": N_("Updated"),
    "released": N_("Released"), "reactivated": N_("Reactivated"), "missing": N_("Missing"), "refused": N_("Refused"),
    "duration": N_("Duration"),
}  # fmt: skip
_RESULTS = {
    "completed": N_("Completed"), "refusals": N_("Completed with refusals"), "held": N_("Held for review"),
    "failed": N_("Failed"), "given up": N_("Withdrawn, replaced or undone"), "received": N_("In progress"),
}  # fmt: skip
_KINDS = {"run": N_("Runs"), "preview": N_("Previews")}
_SINCE = {"7": N_("Last 7 days"), "30": N_("Last 30 days"), "60": N_("Last 60 days"), "365": N_("Last 12 months")}
STRIP_DAYS = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the last run, what it counts, and where it is shown in full."""

    number: int
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the list: (heading, number) of what became of its records, and how long it took."""

    run: RunLine
    figures: tuple[tuple[str, int], ...]
    duration: Text | None

    @classmethod
    def of(cls, run: RunLine) -> RunRow:
        return cls(run, tuple((COLUMNS[name], run.both(name)) for name in FIGURES), duration(run))


@dataclass(frozen=True, slots=True)
class StatusPage:
    """What stands above the list of runs: no names, so that managers of several schools see the same."""

    headline: tuple[Text, ...]
    later: tuple[Attempt, ...]
    owner: Text | None
    held: str
    last_years: Text | None
    summary: tuple[dict[str, Any], ...]
    figures: tuple[Figure, ...]
    strip: SafeString | None
    asked: Text | None
    new: bool


@page(Action.SEE_RUNS)
def provisioning(request: PageRequest, dfes: str) -> HttpResponse:
    now = clock.now()
    page_ = status_page(dfes, person=request.person, own=is_own(request), now=now, language=request.language)
    listing = Listing.of(request, filters=("result", "kind", "since"), sorts=("started",))
    found = rows.runs(school=dfes, offset=(listing.page - 1) * rows.PAGE_SIZE, **_asked(listing, now))
    paging = listing.paging(found.total, size=rows.PAGE_SIZE)
    if not found.rows and listing.page > 1:
        return HttpResponseRedirect(listing.address())
    return show(
        request, "portal/provisioning.html", title=N_("Provisioning status"), section="provisioning", page=page_,
        runs=[RunRow.of(run) for run in found.rows], total=found.total, columns=COLUMNS, listing=listing,
        paging=paging, box=_box(listing), dfes=dfes, download=_download(listing, dfes),
        here_all=listing.path,
        asks=may(request.person, Action.ASK_FOR_RUN, school=dfes), own=is_own(request),
        register=address("register-client") if may(request.person, Action.REGISTER_CLIENT, school=dfes) else "",
    )  # fmt: skip


@page(Action.SEE_RUNS)
def download(request: PageRequest, dfes: str) -> HttpResponse:
    """All runs that the filters leave."""
    listing = Listing.of(request, filters=("result", "kind", "since"), sorts=("started",))
    found = rows.runs(school=dfes, size=None, **_asked(listing, clock.now()))
    return cast("HttpResponse", csv_response(f"runs-{dfes}", [*COLUMNS.values(), N_("Reference")], _cells(found.rows)))


@page(Action.ASK_FOR_RUN, methods="POST")
def ask(request: PageRequest, dfes: str) -> HttpResponse:
    """A wish that the client collects at its next check-in."""
    kind: wishes.WishKind = "preview" if request.POST.get("kind") == "preview" else "run"
    try:
        wishes.ask_for_run(
            school=dfes, kind=kind, acting_user=f"account {request.person.account}", now=clock.now()
        )  # fmt: skip
    except wishes.WishRefused as refused:
        return show(
            request, "portal/wish_refused.html", title=N_("Nobody can do this now"), text=refused.text, status=409,
            section="provisioning", back=address("provisioning", dfes=dfes),
        )  # fmt: skip
    said = (
        N_("We have asked for a preview. The client usually collects this within 15 minutes.")
        if kind == "preview"
        else N_("We have asked for a run. The client usually collects this within 15 minutes.")
    )
    banner.put(request, Text(said))
    return HttpResponseRedirect(address("provisioning", dfes=dfes))


#: What became of asking whoever runs the client to look at it.
TOLD = {
    Told.TOLD: N_("Whoever runs the client has been told by e-mail."),
    Told.BEFORE: N_("Whoever runs the client has been told today already."),
    Told.NO_READER: N_(
        "Nobody was told: we know no e-mail address of whoever runs the client. Add it in the school settings."
    ),
}


@page(Action.ASK_FOR_RUN, methods="POST")
def tell(request: PageRequest, dfes: str) -> HttpResponse:
    """An e-mail to whoever runs the client, from the school's own people."""
    if not is_own(request):
        raise Http404
    told = messages.tell_runner(
        school=dfes, acting_account=request.person.account, acting_user=f"account {request.person.account}",
        now=clock.now(),
    )  # fmt: skip
    banner.put(request, Text(TOLD[told]))
    return HttpResponseRedirect(address("provisioning", dfes=dfes))


def is_own(request: PageRequest) -> bool:
    """Whether the reader belongs to the school, so that the data is theirs."""
    return request.access.scope is Scope.SCHOOL


def status_page(dfes: str, *, person: Person, own: bool, now: datetime, language: words.Language) -> StatusPage:
    """Status of one school, in `language`. Raises Http404 for one that is not in the register."""
    today, limits = clock.calendar_date(now), nation_settings.school_limits()
    found = schools.statuses(on=today, now=now, schools=[dfes], limits=limits)
    if not found:
        raise Http404
    status = found[0]
    last = rows.newest(school=dfes)
    tried = rows.attempts_after(school=dfes, last=last)
    held = next((run for run in tried if run.state == "held"), None)
    client = rows.client_of(dfes)
    later = run_words.later(last, tried, client.told)
    confirms = may(person, Action.CONFIRM_RUN, school=dfes)
    return StatusPage(
        run_words.headline(last, held, status.freshness, now=now, own=own, confirms=confirms),
        later,
        _owner(later, client),
        address("held-run", dfes=dfes, run=held.run) if held is not None and confirms else "",
        _last_years(last, status.last_years_classes),
        _summary(dfes, last, later, held, client, now=now, year_start=limits.year_start),
        () if last is None else _figures(dfes, last),
        None if last is None and not later else _strip(dfes, client, until=today, language=language),
        _waits(client),
        last is None and held is None and not later,
    )  # fmt: skip


def _last_years(last: RunLine | None, is_last_years: bool) -> Text | None:
    if last is None or not is_last_years:
        return None
    return Text(
        N_("Class information is last year's. The last run was on {date}, before the new academic year."),
        {"date": words.day(last.at)},
    )


def _owner(later: tuple[Attempt, ...], client: ClientFacts) -> Text | None:
    """Who can put a failure right (LX16)."""
    failed = next((each for each in later if each.code), None)
    if failed is None:
        return None
    if failed.code == "internal_error":
        return Text(N_("Hwb Support puts this right. You need do nothing."))
    if client.contact:
        return Text(
            N_("Whoever runs the client can put this right, and then have it run. Contact: {contact}."),
            {"contact": client.contact},
        )
    return Text(N_("Whoever runs the client can put this right, and then have it run."))


def _waits(client: ClientFacts) -> Text | None:
    if client.asked is None:
        return None
    at = {"date": moment(client.asked.at)}
    if client.asked.kind == "preview":
        return Text(N_("A preview was asked for on {date}. The client has not collected this yet."), at)
    return Text(N_("A run was asked for on {date}. The client has not collected this yet."), at)


def _summary(
    dfes: str, last: RunLine | None, later: tuple[Attempt, ...], held: RunLine | None, client: ClientFacts, *,
    now: datetime, year_start: tuple[int, int],
) -> tuple[dict[str, Any], ...]:  # fmt: skip
    unknown = say(N_("Not known"))
    next_run = expected.next_run(client.schedule, after=now)
    manager = say(run_words.MANAGERS[client.manager]) if client.manager in run_words.MANAGERS else ""
    found: list[dict[str, Any]] = [
        {"label": N_("Last Run"), "value": moment(last.at) if last else say(N_("Never"))},
        {"label": N_("Last attempt"), "value": _attempt(last, later, held)},
        {
            "label": N_("Next expected run"),
            "value": moment(next_run) if next_run else say(N_("Not known: the client has not said when it runs.")),
        },
        {"label": N_("Who runs the client"), "value": "\n".join(filter(None, (manager, client.contact))) or unknown},
        {"label": N_("MIS"), "value": say(run_words.mis_name((last and last.mis) or client.mis))},
        {
            "label": N_("Client"),
            "value": say(Text(N_("Version {version}"), {"version": client.version or "–"}))
            if client.enrolled
            else say(N_("No client sends for this school yet")),
        },
    ]
    if client.last_contact:
        found.append({"label": N_("Client last heard from"), "value": moment(clock.rehearsed(client.last_contact))})
    if last:
        year = run_words.academic_year(last.as_at, year_start=year_start)
        found.append({"label": N_("Data is for academic year"), "value": year})
    if last:
        found[0] |= {"address": address("run-detail", dfes=dfes, run=last.run), "action": N_("What it did")}
    if later and later[0].run:
        found[1] |= {"address": address("run-detail", dfes=dfes, run=later[0].run), "action": N_("What happened")}
    return tuple(found)


def _attempt(last: RunLine | None, later: tuple[Attempt, ...], held: RunLine | None) -> str:
    if held is not None and (not later or held.at >= later[0].at):
        return say(Text(N_("{date}: held for review"), {"date": moment(held.at)}))
    if later:
        return "\n".join(say(text) for text in (later[0].text, later[0].why) if text is not None)
    if last is None:
        return say(N_("Never"))
    return say(N_("The last run itself"))


def _figures(dfes: str, last: RunLine) -> tuple[Figure, ...]:
    changed = sum(last.both(name) for name in ("created", "claimed", "updated", "released", "reactivated"))
    changes = address("run-changes", dfes=dfes, run=last.run)
    missing = address("run-changes", query={"group": "missing"}, dfes=dfes, run=last.run)
    return (
        Figure(changed, N_("Changes in the last run"), changes),
        Figure(last.both("refused"), N_("Records refused"), address("to-put-right", dfes=dfes)),
        Figure(last.both("missing"), N_("Missing without a leaving date"), missing),
    )


def _strip(dfes: str, client: ClientFacts, *, until: date, language: words.Language) -> SafeString:
    told = {clock.calendar_date(each.at) for each in client.told}
    days = [
        pictures.RunDay(day, "failed" if outcome == "none" and day in told else outcome)  # type: ignore[arg-type]
        for day, outcome in rows.days(school=dfes, until=until, number=STRIP_DAYS)
    ]
    return pictures.run_strip(days, language=language, dates=words.day)


def duration(run: RunLine) -> Text | None:
    """How long a run was worked on; None for one that is not finished, or that waited for a person."""
    if run.finished_at is None or run.confirmed:
        return None
    seconds = round((run.finished_at - run.received_at).total_seconds())
    return (
        Text(N_("{count} min"), {"count": round(seconds / 60)})
        if seconds >= 120
        else Text(N_("{count} s"), {"count": seconds})
    )


def _asked(listing: Listing, now: datetime) -> dict[str, Any]:
    since = listing.filters["since"]
    first = clock.calendar_date(now - timedelta(days=int(since) - 1)) if since in _SINCE else None
    return {"result": listing.filters["result"], "kind": listing.filters["kind"], "since": first}


def _box(listing: Listing) -> FilterBox:
    return FilterBox(listing, (
        Filter("result", N_("Result"), [(key, say(text)) for key, text in _RESULTS.items()]),
        Filter("kind", N_("Kind"), [(key, say(text)) for key, text in _KINDS.items()]),
        Filter("since", N_("Since"), [(key, say(text)) for key, text in _SINCE.items()]),
    ))  # fmt: skip


def _download(listing: Listing, dfes: str) -> str:
    return address("runs-download", query={k: v for k, v in listing.filters.items() if v}, dfes=dfes)


def _cells(found: tuple[RunLine, ...]) -> Iterator[list[object]]:
    for run in found:
        yield [
            run.received_at.astimezone(clock.LONDON).isoformat(timespec="minutes"), say(WORDS["run"][run.state][0]),
            run.learners["received"], run.staff["received"], *(run.both(name) for name in FIGURES),
            "" if (lasted := duration(run)) is None else say(lasted), run.run,
        ]  # fmt: skip


urlpatterns = [
    path("school/<str:dfes>/provisioning/", provisioning, name="provisioning"),
    path("school/<str:dfes>/provisioning/runs.csv", download, name="runs-download"),
    path("school/<str:dfes>/provisioning/ask/", ask, name="ask-for-run"),
    path("school/<str:dfes>/provisioning/tell/", tell, name="tell-runner"),
]
