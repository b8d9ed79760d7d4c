"""Results for people. Symbols always come with words; several problems of one kind are one explanation and its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hwb.client.voice import Voice
from hwb.clock import LONDON
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract
from hwb.extract.texts import N_, ngettext

_OUTCOMES = {
    "applied": N_("Applied."),
    "no change": N_("Nothing has changed since the last run."),
    "held": N_("Held for review. Nothing has changed; somebody confirms or withdraws the run."),
    "refused": N_("Refused. Nothing has changed."),
    "spooled": N_("Not sent. The data is kept, and sent before the next run."),
    "received": N_("The server has the data, and works on it."),
    "checked": N_("Checked here; nothing was sent."),
}
_PREVIEWED = {
    "applied": N_("This was a preview. Nothing has changed."),
    "no change": N_("This was a preview. A run would change nothing."),
    "held": N_("This was a preview. A run would be held for review."),
    "spooled": N_("No preview: the server could not be reached. Nothing is kept."),
}
_STYLES = {
    "applied": "green",
    "no change": "green",
    "checked": "green",
    "held": "yellow",
    "refused": "red",
    "spooled": "red",
}
_COUNTS = (
    ("created", N_("New accounts")),
    ("updated", N_("Updated")),
    ("claimed", N_("Claimed")),
    ("released", N_("Released, with a leaving date")),
    ("waiting", N_("Waiting for another school")),
    ("missing", N_("Missing, without a leaving date")),
)
FEW = 3  # warnings of one kind that are shown
_PERSONAL = frozenset({"legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date"})
Names = Mapping[str, str]


def result(voice: Voice, found: Mapping[str, Any], *, names: Names) -> None:
    """A run's, preview's or check's result: why it is as it is, the counts, and in the last line what it came to."""
    preview = bool(found.get("preview"))
    if found["outcome"] in ("applied", "no change", "held"):
        _counts(voice, found)
        _by_rule(voice, found.get("by_rule", ()))
    refused(voice, found["refused"], names=names)
    for hold in found["holds"]:
        voice.line(voice.say(N_("Held because of: {check}"), check=str(hold.get("text") or hold["check"])))
    _warnings(voice, found["warnings"])
    if found["run"] and found["outcome"] != "refused":
        voice.line(voice.say(N_("Run {run}, data as at {moment}"), run=found["run"],
                             moment=moment(found["as_at"])))  # fmt: skip
    words = {**_OUTCOMES, **_PREVIEWED} if preview else _OUTCOMES
    outcome = str(found["outcome"])
    voice.line(voice.say(words[outcome]) if outcome in words else outcome, style=_STYLES.get(outcome, ""))


def _warnings(voice: Voice, warnings: Iterable[Mapping[str, str]]) -> None:
    """A few of each kind: a school of 400 without admission numbers has 400 of one."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for warning in warnings:
        kinds[warning["code"]].append(str(warning["text"]))
    for texts in kinds.values():
        shown = list(dict.fromkeys(texts))[:FEW]
        for text in shown:
            voice.line(voice.say(N_("Note: {text}"), text=text))
        if more := len(texts) - len(shown):
            voice.line("  " + voice.render(ngettext("… and {count} more like it", "… and {count} more like it", more)))


def _counts(voice: Voice, found: Mapping[str, Any]) -> None:
    rows = [(voice.say(label), int(found[name])) for name, label in _COUNTS]
    rows.append((voice.say(N_("Refused")), len({item["record"] for item in found["refused"]})))
    width = max(len(label) for label, _ in rows)
    for label, number in rows:
        voice.line(f"  {label.ljust(width)}  {number:>6}")


def _by_rule(voice: Voice, rules: Iterable[Mapping[str, Any]]) -> None:
    """What a preview says of each rule: how many people, and what would be done."""
    for place, item in enumerate(rules):
        if not place:
            voice.line(voice.say(N_("What would change, by rule:")))
        voice.line(f"  {item['rule']:<4} {item['count']:>6}  {item['text']}")


def refused(voice: Voice, items: Iterable[Mapping[str, str]], *, names: Names) -> None:
    """What is to be put right, by field and what is needed; each record with its own instruction."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = defaultdict(list)
    for item in items:
        groups[item["field"], item["needed"]].append(item)
    for (field, needed), members in groups.items():
        heading = f"{field}: {needed}" if field else needed
        fixes = {member["fix"] for member in members}
        voice.line(voice.say(N_("To put right: {what}"), what=heading))
        if len(fixes) == 1:
            voice.line(f"  {members[0]['fix']}")
        for member in members:
            voice.line("  - " + "   ".join(_row(voice, member, names, alone=len(fixes) > 1)))


def _row(voice: Voice, member: Mapping[str, str], names: Names, *, alone: bool) -> list[str]:
    parts = [member["record"]]
    if voice.names and names.get(member["record"]):
        parts.append(names[member["record"]])
    if member["value"] and (voice.names or member["field"] not in _PERSONAL):
        parts.append(f"“{member['value']}”")
    return [*parts, member["fix"]] if alone else parts


def names_of(voice: Voice, extract: Extract) -> dict[str, str]:
    """record reference → forename and surname, when people may be named at all."""
    if not voice.names:
        return {}
    found: dict[str, str] = {}
    for rows, columns in ((extract.learners, LEARNER_COLUMNS), (extract.staff, STAFF_COLUMNS)):
        surname, forename = columns.index("legal_surname") + 1, columns.index("legal_forename") + 1
        found |= {row[0]: f"{row[forename]} {row[surname]}" for row in rows if len(row) == len(columns) + 1}
    return found


_FRESHNESS = {
    "up to date": N_("up to date"),
    "getting old": N_("getting old"),
    "overdue": N_("overdue"),
    "never run": N_("never run"),
}


def school(voice: Voice, found: Mapping[str, Any], *, spooled: int) -> None:
    """One school's status."""
    name = found["name_cy" if voice.language == "cy" else "name_en"]
    voice.line(f"{name} ({found['school']})", style="bold")
    last, attempt = found["last_run"], found["last_attempt"]
    freshness = voice.say(_FRESHNESS[found["freshness"]]) if found["freshness"] in _FRESHNESS else found["freshness"]
    if last is None:
        voice.line("  " + voice.say(N_("Never run.")))
    else:
        when = moment(last["at"])
        voice.line(
            "  " + voice.say(N_("Last successful run: {moment} ({freshness})"), moment=when, freshness=freshness)
        )
    if attempt is not None:
        what = str(attempt["failure"] or attempt["state"])
        when = moment(attempt["at"])
        voice.line("  " + voice.say(N_("Last attempt: {moment}, {what}"), moment=when, what=what))
    if found["last_years_classes"]:
        voice.line("  " + voice.say(N_("The school still holds last year's classes.")))
    if found["held_run"]:
        voice.line("  " + voice.say(N_("Held for review: run {run}"), run=str(found["held_run"])))
    voice.line("  " + voice.say(N_("Learners for whom other schools wait: {number}"), number=found["waits_caused"]))
    if spooled:
        voice.line("  " + voice.say(N_("Runs kept here until the server is reached: {number}"), number=spooled))


def moment(text: str) -> str:
    """An ISO moment as Europe/London's date and time, 24 hours, without month names; as it is when it is none."""
    try:
        local = datetime.fromisoformat(text).astimezone(LONDON)
    except ValueError:
        return text
    return f"{local:%d/%m/%Y %H:%M}"
