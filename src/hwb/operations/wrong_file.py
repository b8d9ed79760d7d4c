"""Is a delivery another school's roll, sent by mistake? (reliability.md, input 26.)

The wrong file is told from a new school's intake by what it covers: it is most of the *other* school's roll, and nobody
of it is held here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hwb.extract.records import LEARNER_COLUMNS, Extract
from hwb.identifiers import clean_upn, upn_fault

_SAMPLE = 20  # of a school's own file somebody among them is held by it, or by nobody: the rest need not be asked for
_FEW = 10
_UPN = LEARNER_COLUMNS.index("upn") + 1


def is_of_another_school(cursor: Any, extract: Extract) -> bool:
    """Whether all learners that anybody holds are held by one other school, and are more than half of its roll.

    Not when that school's register entry says that this one follows it, or that it closes (R43).
    """
    upns = [upn for row in extract.learners if len(row) > _UPN and upn_fault(upn := clean_upn(row[_UPN])) is None]
    if len(upns) < _FEW or _one_other(cursor, extract.school, upns[:_SAMPLE]) is None:
        return False
    found = _one_other(cursor, extract.school, upns)
    if found is None:
        return False
    other, number = found
    cursor.execute(
        "SELECT count(*), bool_or(e.followed_by = %s OR e.closed IS NOT NULL)"
        " FROM placement p JOIN establishment e ON e.dfes = p.school"
        " WHERE p.school = %s AND p.role = 'holding' AND p.ended IS NULL",
        [extract.school, other],
    )
    roll, moves = cursor.fetchone()
    return number >= _FEW and 2 * number > len(upns) and 2 * number > roll and not moves


def _one_other(cursor: Any, school: str, upns: Sequence[str]) -> tuple[str, int] | None:
    """The one other school that holds all of these learners whom anybody holds, and how many they are."""
    cursor.execute(
        # each holder looked up by itself: as a join the planner may read everybody whom any school holds
        "SELECT (SELECT p.school FROM placement p WHERE p.account = u.account AND p.role = 'holding'"
        " AND p.ended IS NULL) AS holder, count(*) FROM upn u"
        " WHERE u.upn = ANY(string_to_array(%s, ',')) AND u.account IS NOT NULL GROUP BY holder",
        [",".join(upns)],
    )
    held = Counter({school: number for school, number in cursor.fetchall() if school is not None})
    if len(held) != 1 or school in held:
        return None
    return held.most_common(1)[0]
