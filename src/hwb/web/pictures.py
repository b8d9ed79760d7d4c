"""Pictures drawn on the server (ux.md 11): a sentence that says the finding, SVG, and a table of the same figures.

Each is drawn twice, for wide and for narrow screens, because text in SVG shrinks with it; styles show one of the two.
Marks differ by shape, letter or hatching beside colour. ``dates`` is how the page writes a date; ``name`` begins the
ids of a picture and is unique on its page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from hwb.extract.texts import N_, Language, Text, render

DOMAIN = "web"
Outcome = Literal["completed", "refusals", "held", "failed", "none"]
Dates = Callable[[date], str]

_OUTCOMES: dict[Outcome, str] = {
    "completed": N_("Completed"),
    "refusals": N_("Refusals"),
    "held": N_("Held"),
    "failed": N_("Failed"),
    "none": N_("No run"),
}
_SUCCESSFUL = ("completed", "refusals")
_WORDS = {
    "table": N_("Show as a table"),
    "outcome": N_("Result"),
    "days": N_("Days"),
    "day": N_("Day"),
    "runs_desc": N_("One mark for each day, the oldest first. The last successful day has a line under it."),
    "before": N_("Before"),
    "now": N_("Now"),
    "learners": N_("Learners"),
    "note": N_("Note"),
    "stayed": N_("Not moved"),
    "movement": N_("From year to year"),
    "school": N_("School"),
    "from": N_("From"),
    "until": N_("Until"),
    "today": N_("today"),
    "account": N_("Account"),
    "active": N_("Active"),
    "inactive": N_("Inactive"),
    "no_school": N_("No school"),
    "spells": N_("Schools over time"),
    "spells_desc": N_("One bar for each time at a school, the earliest first. Hatched: the account was inactive."),
}


@dataclass(frozen=True, slots=True)
class RunDay:
    """What became of a school's runs on one day; the best of several counts."""

    day: date
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class YearMove:
    """How many learners were in one year group and are in another; "" for not here before, or not any more.

    `became`: for those who are in no year group now, what is said instead of "Left", in the page's language.
    """

    before: str
    now: str
    learners: int
    became: str = ""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time at a school, "" for none; `until` None while it lasts; `language` of a name that is not in the page's."""

    school: str
    began: date
    until: date | None
    active: bool
    language: str = ""


def run_strip(days: Sequence[RunDay], *, language: Language, dates: Dates, name: str = "runs") -> SafeString:
    """P7: the runs of one school, a cell a day, the oldest first; at least one."""
    successful = [each.day for each in days if each.outcome in _SUCCESSFUL]
    last = max(successful, default=None)
    sentence = (
        Text(N_("No successful run since {date}."), {"date": dates(days[0].day)})
        if last is None
        else Text(
            N_("Days with a successful run: {count} of the last {days}. The last one: {date}."),
            {"count": len(successful), "days": len(days), "date": dates(last)},
        )
    )
    said = {outcome: _say(text, language) for outcome, text in _OUTCOMES.items()}
    cells = [
        {
            "date": dates(each.day), "outcome": each.outcome, "said": said[each.outcome], "last": each.day == last,
            "letter": "" if each.outcome == "none" else said[each.outcome][0],
        }
        for each in days
    ]  # fmt: skip
    counts = [
        {"said": text, "days": sum(each.outcome == outcome for each in days),
         "mark": _mark({"outcome": outcome, "letter": "" if outcome == "none" else text[0]}, x=2, y=2, step=28)}
        for outcome, text in said.items()
    ]  # fmt: skip
    layouts = [_laid_out(cells, "wide", per_row=30, step=32), _laid_out(cells, "narrow", per_row=10, step=32)]
    return _drawn(
        "runs", language, name, sentence=_render(sentence, language), layouts=layouts, cells=cells, counts=counts
    )


def year_movement(
    moves: Sequence[YearMove], *, language: Language, new_year: bool = True, name: str = "movement"
) -> SafeString:
    """P8: learners from year group to year group, with a bar in each row. In the run that brings the new year those
    who stayed are marked; in any other run nobody was to move.
    """
    both = sum(move.learners for move in moves if move.before and move.now)
    stayed = sum(move.learners for move in moves if move.before and move.before == move.now)
    said = (
        N_("Learners who have not moved to another year group: {count} of {total}.")
        if new_year
        else N_("Learners in the same year group as in the run before: {count} of {total}.")
    )
    sentence = Text(said, {"count": stayed, "total": both})
    most = max((move.learners for move in moves), default=0) or 1
    rows = [
        {
            "before": _year(move.before, N_("New here"), language),
            "now": move.became or _year(move.now, N_("Left"), language),
            "learners": move.learners, "stayed": new_year and bool(move.before) and move.before == move.now,
            "width": max(1, round(200 * move.learners / most)) if move.learners else 0,
        }
        for move in moves
    ]  # fmt: skip
    return _drawn("movement", language, name, sentence=_render(sentence, language), rows=rows)


def spells(
    times: Sequence[Spell], *, today: date, language: Language, dates: Dates, name: str = "spells"
) -> SafeString:
    """P12: the schools of one person and when the account was active, the earliest first; at least one."""
    rows = [
        {
            "school": each.school or _say(_WORDS["no_school"], language), "language": each.language,
            "began": dates(each.began), "until": "" if each.until is None else dates(each.until),
            "active": each.active, "said": _say(_WORDS["active" if each.active else "inactive"], language),
        }
        for each in times
    ]  # fmt: skip
    layouts = [
        _bars(times, rows, layout, today=today, width=width) for layout, width in (("wide", 760), ("narrow", 340))
    ]
    sentence = _render(_now(times[-1], len({each.school for each in times if each.school}), dates), language)
    return _drawn("spells", language, name, sentence=sentence, rows=rows, layouts=layouts)


def _now(last: Spell, schools: int, dates: Dates) -> Text:
    values: dict[str, str | int] = {"school": last.school, "date": dates(last.until or last.began), "count": schools}
    if last.school and last.until is None:
        if last.active:
            return Text(N_("School now: {school}. Since: {date}. Schools so far: {count}."), values)
        return Text(
            N_("School now: {school}. Since: {date}. The account is inactive. Schools so far: {count}."), values
        )
    return Text(N_("At no school. Since: {date}. Schools so far: {count}."), values)


def _laid_out(cells: Sequence[dict[str, Any]], layout: str, *, per_row: int, step: int) -> dict[str, Any]:
    """Rows of marks, each above the dates of its first and last."""
    row_height = step + 30
    rows = []
    for top, start in enumerate(range(0, len(cells), per_row)):
        y, chosen = top * row_height + 2, cells[start : start + per_row]
        marks = [_mark(cell, x=at * step + 2, y=y, step=step) for at, cell in enumerate(chosen)]
        rows.append({"marks": marks, "dates": y + step + 18, "end": len(chosen) * step})
    width = max(min(per_row, len(cells)) * step, 160)  # room for a date
    return {
        "layout": layout, "width": width, "height": len(rows) * row_height, "rows": rows, "letters": step * 5 // 9,
        "half": step // 2 - 2,
    }  # fmt: skip


def _mark(cell: dict[str, Any], *, x: int, y: int, step: int) -> dict[str, Any]:
    """A cell with what its drawing needs; coordinates are whole numbers."""
    size = step - 4
    return {
        **cell, "x": x, "y": y, "size": size, "middle": x + size // 2, "centre": y + size // 2,
        "text": y + size // 2 + step // 5, "right": x + size, "bottom": y + size, "under": y + size + 4,
    }  # fmt: skip


def _bars(
    times: Sequence[Spell], rows: Sequence[dict[str, Any]], layout: str, *, today: date, width: int
) -> dict[str, Any]:
    """A bar a spell on one scale of time, under its school's name and above its dates; a line at each new year."""
    first, end = min(each.began for each in times), max(today, *(each.until or today for each in times))
    days = max(1, (end - first).days)

    def place(day: date) -> int:
        return round((day - first).days * (width - 4) / days) + 2

    bars, top = [], 0
    for each, row in zip(times, rows, strict=True):
        left = place(each.began)
        lines = textwrap.wrap(row["school"], width // 9, break_on_hyphens=False)
        named = [{"y": top + 18 + 18 * at, "text": line} for at, line in enumerate(lines)]
        y = top + 8 + 18 * len(lines)
        bars.append(
            {**row, "x": left, "width": max(4, place(each.until or end) - left), "named": named, "y": y,
             "dates": y + 32}
        )  # fmt: skip
        top = y + 42
    years = range(first.year + 1, end.year + 1)
    every = max(1, -(-len(years) * 44 // width))  # labels that do not touch
    ticks = [(place(date(year, 1, 1)), str(year)) for year in years[::every]]
    ticks = [(x, year) for x, year in ticks if 20 <= x <= width - 20]
    return {"layout": layout, "width": width, "height": top + 24, "bars": bars, "ticks": ticks, "bottom": top}


def _year(year_group: str, none: str, language: Language) -> str:
    if not year_group:
        return _say(none, language)
    if year_group == "R":
        return _say(N_("Reception"), language)
    if year_group.startswith("N"):
        return _render(Text(N_("Nursery {year}"), {"year": year_group[1:]}), language)
    return _render(Text(N_("Year {year}"), {"year": year_group}), language)


def _drawn(template: str, language: Language, name: str, **context: Any) -> SafeString:
    words = {key: _say(text, language) for key, text in _WORDS.items()}
    # rendered by an escaping template
    html = render_to_string(f"web/pictures/{template}.html", {"words": words, "name": name, **context})
    return mark_safe(html)  # noqa: S308 - rendered by a template that escapes


def _say(text: str, language: Language) -> str:
    return _render(Text(text), language)


def _render(text: Text, language: Language) -> str:
    return render(text, language=language, domain=DOMAIN)
