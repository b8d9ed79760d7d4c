"""Earlier work (R41) in the words of pages."""

from __future__ import annotations

from typing import Any

from hwb.directory.queries.earlier_work import Named, WorkRow
from hwb.lifecycle.earlier_work import Needed, Standing
from hwb.web.frame import name_in_language
from hwb.web.words import N_, Text, day, moment, say

STANDING = {
    Standing.ASKED: N_("Asked"),
    Standing.ARRANGING: N_("Being arranged"),
    Standing.READY: N_("Ready"),
    Standing.NOT_POSSIBLE: N_("Not possible"),
    Standing.ENDED: N_("Ended"),
}
NEEDED = {
    Needed.LOOK: N_("To look at the work"),
    Needed.COPY: N_("To copy work to the new school's space"),
}
_WHY_ENDED = {
    "over": N_("The last day is over."), "left": N_("The learner has left the school that asked."),
    "support": N_("Hwb Support has ended it."),
}  # fmt: skip


def named(school: Named) -> tuple[str, str]:
    """A school's name with its language."""
    name, language = name_in_language(school.name_en, school.name_cy)
    return name or school.dfes, language


def request_rows(row: WorkRow) -> list[dict[str, Any]]:
    """What a request says, for whoever may see it: the school that asked, and support."""
    earlier, _ = named(row.earlier)
    rows: list[dict[str, Any]] = [
        {"label": N_("Request"), "value": row.reference},
        {"label": N_("Earlier school"), "value": earlier, "own": True},
        {"label": N_("State"), "value": say(STANDING[row.standing])},
        {"label": N_("What it is needed for"), "value": say(NEEDED[row.needed])},
        {"label": N_("Asked on"), "value": moment(row.asked_at)},
    ]
    if row.first_day and row.last_day:
        days = Text(N_("From {first} to {last}"), {"first": day(row.first_day), "last": day(row.last_day)})
        rows.append({"label": N_("Open"), "value": say(days)})
    if row.refusal:
        rows.append({"label": N_("Reason of Hwb Support"), "value": row.refusal, "own": True})
    elif row.ended_why:
        rows.append({"label": N_("Why it ended"), "value": say(_WHY_ENDED[row.ended_why])})
    return rows
