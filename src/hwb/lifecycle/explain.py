"""The explanation engine (ux.md 5): for one person and one school exactly one code, and what is said with it.

Pure: ``directory.queries.explanations`` gathers the facts; pages, `hwb explain` and the API show the answer.
"""

from __future__ import annotations

from datetime import date

from hwb.extract.texts import N_, Text
from hwb.lifecycle import explain_learners, explain_staff
from hwb.lifecycle.explain_facts import LearnerFacts, Limits, SchoolSeen, StaffFacts
from hwb.lifecycle.explain_result import Explanation, Link, LinkState, Owner, owner_name, say, state_name
from hwb.lifecycle.explain_staff import Compared, can_compare, compare, compare_with
from hwb.lifecycle.explain_texts import day, without_name

__all__ = [
    "Compared", "Explanation", "Limits", "Link", "LinkState", "Owner", "can_compare", "compare", "compare_with", "day",
    "learner", "of_school", "owner_name", "say", "short_reason", "staff", "state_name", "without_name",
]  # fmt: skip

#: Reason codes of :mod:`hwb.lifecycle.reasons` in a few words, for a row of a list.
_SHORT = {
    "left": N_("left {date}"),
    "staff_left": N_("left {date}"),
    "departure_confirmed": N_("the school confirmed that they left"),
    "school_closed": N_("the school closed"),
    "undone": N_("the run was undone"),
    "grace": N_("signing in works until {date}"),
    "grace_over": N_("signing in worked until {date}"),
    "deactivated": N_("switched off by the school"),
    "deactivated_safety": N_("switched off for safety"),
    "suspended": N_("suspended by support"),
}
_NO_MORE = N_("not on roll")


def learner(facts: LearnerFacts, *, on: date, limits: Limits) -> Explanation:
    """Why a learner's account is, or is not, at the school that asks: LX01–LX27."""
    return explain_learners.explain(facts, on=on, limits=limits)


def of_school(school: SchoolSeen, *, on: date, limits: Limits) -> tuple[Explanation, ...]:
    """What holds of every learner of the school, for the head of a list: LX16 and LX20."""
    return explain_learners.of_school(school, on=on, limits=limits)


def staff(facts: StaffFacts, *, on: date, limits: Limits) -> Explanation:
    """Why a member of staff has, or has not, an account: SX01–SX13, and LX21 for protected people."""
    return explain_staff.explain(facts, on=on, limits=limits)


def short_reason(*, active: bool, code: str, values: dict[str, str], here: bool = True) -> Text | None:
    """The few words beside "Active" or "Inactive" in a list, from the account's stored reason; None where none is
    needed. ``here``: whether the listing school has the account; of another school's nothing is said."""
    if not here:
        return Text(_NO_MORE)
    if active and code != "grace":
        return None
    message = _SHORT.get(code, _NO_MORE)
    if "{date}" not in message:
        return Text(message)
    try:
        return Text(message, {"date": day(date.fromisoformat(values.get("date", "")))})
    except ValueError:
        return Text(_NO_MORE)
