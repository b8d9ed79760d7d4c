"""What a school's runs come to, in sentences (ux.md B2, B3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.provisioning import RunDetail, RunLine, ToldFailure
from hwb.lifecycle import calendar, explain_texts
from hwb.web.words import N_, Text, day, ngettext, short_day, time_of_day

#: What a school's MIS is called; names of products are the same in both languages.
MIS_NAMES = {
    "sims": N_("SIMS"), "teacher-centre": N_("Teacher Centre"), "oneroster": N_("OneRoster files"),
    "ctf": N_("Common Transfer File (CTF)"), "hwb": N_("CSV files of the MIS"),
}  # fmt: skip
MANAGERS = {
    "local authority": N_("The local authority"), "school": N_("The school"), "third party": N_("Another company"),
}  # fmt: skip
#: At which stage a run ended that was not applied; of what never reached us the client tells.
_STAGES = {
    "stale": N_("Checking the data"), "too_far_ahead": N_("Checking the data"), "empty": N_("Checking the data"),
    "wrong_school": N_("Checking the data"), "other_schools_roll": N_("Checking the data"),
    "school_closed": N_("Checking the data"), "not_reached": N_("Sending the data"),
    "no_file": N_("Reading the MIS"), "mis_error": N_("Reading the MIS"), "command_too_slow": N_("Reading the MIS"),
    "internal_error": N_("Applying the data"),
}  # fmt: skip
_FRESH = {
    "up to date": N_("Your data is up to date."),
    "getting old": N_("Your data is getting old."),
    "overdue": N_("Your data is out of date."),
}
_FRESH_THERE = {
    "up to date": N_("The data is up to date."),
    "getting old": N_("The data is getting old."),
    "overdue": N_("The data is out of date."),
}


def headline(
    last: RunLine | None, held: RunLine | None, freshness: str, *, now: datetime, own: bool = True, confirms: bool
) -> tuple[Text, ...]:
    """When the Last Run was and what that means. own: the reader is the school's; confirms: may confirm a held run."""
    found = [_held(held, now=now, own=own, confirms=confirms)] if held is not None else []
    if last is None:
        never = (
            Text(N_("We have never received data for this school."))
            if held is None
            else Text(N_("No run of this school has been applied yet."))
        )
        return (*found, never)
    return (*found, _last(last, now=now, own=own), Text((_FRESH if own else _FRESH_THERE)[freshness]))


def _last(last: RunLine, *, now: datetime, own: bool) -> Text:
    days = (calendar.london_date(now) - calendar.london_date(last.at)).days
    time = {"time": time_of_day(last.at)}
    if days <= 0:
        return (
            Text(N_("Your last successful run finished today at {time}."), time)
            if own
            else Text(N_("The last successful run finished today at {time}."), time)
        )
    if days == 1:
        return (
            Text(N_("Your last successful run finished yesterday at {time}."), time)
            if own
            else Text(N_("The last successful run finished yesterday at {time}."), time)
        )
    on = day(last.at)
    return (
        ngettext(
            "Your last successful run was on {date}, {count} day ago.",
            "Your last successful run was on {date}, {count} days ago.",
            days,
            date=on,
        )
        if own
        else ngettext(
            "The last successful run was on {date}, {count} day ago.",
            "The last successful run was on {date}, {count} days ago.",
            days,
            date=on,
        )
    )


def _held(held: RunLine, *, now: datetime, own: bool, confirms: bool) -> Text:
    if calendar.london_date(held.at) == calendar.london_date(now):
        if not confirms:
            return Text(
                N_("Your run of today is waiting for your Digital Champion or headteacher to confirm it.")
                if own
                else N_("The run of today is waiting for the school to confirm it.")
            )
        return (
            Text(N_("Your run of today is waiting for you to confirm it."))
            if own
            else Text(N_("The run of today is waiting for confirmation."))
        )
    on = {"date": day(held.at)}
    if not confirms:
        return Text(
            N_("Your run of {date} is waiting for your Digital Champion or headteacher to confirm it.")
            if own
            else N_("The run of {date} is waiting for the school to confirm it."),
            on,
        )
    return (
        Text(N_("Your run of {date} is waiting for you to confirm it."), on)
        if own
        else Text(N_("The run of {date} is waiting for confirmation."), on)
    )


def attempt(run: RunLine) -> Text:
    """ "A later attempt on 2 September at 02:03 failed." """
    at = {"date": day(run.at), "time": time_of_day(run.at)}
    if run.state == "held":
        return Text(N_("A later run, of {date} at {time}, is held for review."), at)
    if run.state == "received":
        return Text(N_("A run that arrived on {date} at {time} is being worked on."), at)
    return failed_attempt(run.at)


def failed_attempt(at: datetime) -> Text:
    """The same for one that the school's client reported."""
    return Text(N_("A later attempt on {date} at {time} failed."), {"date": day(at), "time": time_of_day(at)})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A later attempt that was not successful. `code` of a failure, empty when it did not fail; `run` None for one
    that never reached the server.
    """

    at: datetime
    code: str
    text: Text
    run: UUID | None = None

    @property
    def why(self) -> Text | None:
        """The plain reason of a failure."""
        return reason(self.code) if self.code else None


def later(last: RunLine | None, runs: Iterable[RunLine], told: Iterable[ToldFailure]) -> tuple[Attempt, ...]:
    """What was tried since the last success without one, the newest first; held runs are not among them."""
    seen = [Attempt(run.at, run.failure, attempt(run), run.run) for run in runs if run.state != "held"]
    heard = [Attempt(each.at, each.code, failed_attempt(each.at)) for each in told if last is None or each.at > last.at]
    return tuple(sorted((*seen, *heard), key=lambda each: each.at, reverse=True))


def reason(code: str) -> Text:
    """Why an attempt failed."""
    return Text(N_("Reason: {reason}."), {"reason": explain_texts.failure(code)})


def stage(code: str) -> str:
    """Where a run ended that was not applied."""
    return _STAGES.get(code, N_("Not known"))


def title(run: RunLine) -> Text:
    """ "Run of 1 September 2018, 02:00" """
    at = {"date": day(run.received_at), "time": time_of_day(run.received_at)}
    if run.preview:
        return Text(N_("Preview of {date}, {time}"), at)
    return Text(N_("Run of {date}, {time}"), at)


def mis_name(kind: str) -> str:
    """A sentence for the kind of MIS, one for none."""
    return MIS_NAMES.get(kind, N_("Not known"))


def academic_year(at: datetime, *, year_start: tuple[int, int]) -> str:
    """ "2018/19", the same in both languages."""
    month, first = year_start
    began = calendar.academic_year_start(calendar.london_date(at), month=month, day=first).year
    return f"{began}/{(began + 1) % 100:02d}"


def came_to(detail: RunDetail) -> tuple[Text, ...]:
    """What the run did to the school, the most telling first; one sentence when it did nothing."""
    line = detail.line
    if line.preview:
        return (Text(N_("This is a preview. Nothing has been changed; the figures say what a run would do.")),)
    if line.state in _NOT_APPLIED:
        return (Text(_NOT_APPLIED[line.state]),)
    found = [*_changes(line.learners, line.staff, _moved_up(detail)), *_open(line)]
    if not found:
        return (Text(N_("Nothing changed since the run before. This is normal in term time.")),)
    return tuple(found)


_NOT_APPLIED = {
    "received": N_("This run is being worked on. Nothing of it has been applied yet."),
    "held": N_(
        "This run is waiting for confirmation. Nothing of it has been applied; the figures say what it would do."
    ),
    "failed": N_("This run failed. Nothing of it was applied."),
    "refused": N_("This run was refused. Nothing of it was applied."),
    "withdrawn": N_("This run was withdrawn. Nothing of it was applied."),
    "replaced": N_("This run was held, and a newer run replaced it. Nothing of it was applied."),
    "undone": N_("This run was undone: what it had done was taken back."),
}


def _changes(learners: Mapping[str, int], staff: Mapping[str, int], moved: int) -> list[Text]:
    sentences = (
        (learners["released"], ngettext("{count} learner left.", "{count} learners left.", learners["released"])),
        (staff["released"], ngettext("{count} member of staff left.", "{count} members of staff left.",
                                     staff["released"])),
        (learners["created"], ngettext("{count} new learner account.", "{count} new learner accounts.",
                                       learners["created"])),
        (staff["created"], ngettext("{count} new staff account.", "{count} new staff accounts.", staff["created"])),
        (learners["claimed"], ngettext("{count} learner came from another school.",
                                       "{count} learners came from another school.", learners["claimed"])),
        (learners["reactivated"] + staff["reactivated"],
         ngettext("{count} account is active again.", "{count} accounts are active again.",
                  learners["reactivated"] + staff["reactivated"])),
        (moved, ngettext("{count} learner moved to another year group.",
                         "{count} learners moved to another year group.", moved)),
        (learners["updated"] + staff["updated"] - moved,
         ngettext("{count} other record was updated.", "{count} other records were updated.",
                  max(0, learners["updated"] + staff["updated"] - moved))),
    )  # fmt: skip
    return [text for number, text in sentences if number > 0]


def _open(line: RunLine) -> list[Text]:
    """What is left to be done."""
    refused, missing, waiting = line.both("refused"), line.both("missing"), line.both("waiting")
    sentences = (
        (refused, ngettext("{count} record was refused.", "{count} records were refused.", refused)),
        (missing, ngettext("{count} person is missing without a leaving date.",
                           "{count} people are missing without a leaving date.", missing)),
        (waiting, ngettext("{count} learner waits for another school.", "{count} learners wait for another school.",
                           waiting)),
    )  # fmt: skip
    return [text for number, text in sentences if number > 0]


def _moved_up(detail: RunDetail) -> int:
    """Learners held before who are in another year group now; those updated for that alone are among the updated."""
    years = sum(
        move.count for move in detail.movement if move.after not in ("released", "missing", "refused", move.before)
    )
    return min(years, detail.line.learners["updated"])


def when(at: datetime) -> str:
    """ "1 Sep, 02:14": for narrow cells."""
    return f"{short_day(at)}, {time_of_day(at)}"
