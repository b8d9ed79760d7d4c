"""The figures of a school's first page (ux.md B1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hwb.directory.queries import roll
from hwb.directory.queries.rows import fetch
from hwb.lifecycle.calendar import YEAR_GROUPS, year_position


@dataclass(frozen=True, slots=True)
class Waiting:
    """What may need somebody: `arrivals` since a day, learners on roll who `cannot_sign_in` because nobody here has a
    password for them (R10).
    """

    arrivals: int
    cannot_sign_in: int


@dataclass(frozen=True, slots=True)
class RollCount:
    """How many are on roll in a year group ("" for none), or as staff, and how many of their accounts are active."""

    year_group: str
    people: int
    active: int

    @property
    def inactive(self) -> int:
        return self.people - self.active


def waiting(*, school: str, since: date) -> Waiting:
    """Figures of now; arrivals as in `moves.arrivals`, passwords as in `passwords.PasswordRow.cannot_sign_in_yet`."""
    return Waiting(**fetch(_WAITING, {"school": school, "since": since})[0])


def learners(*, school: str) -> tuple[RollCount, ...]:
    """Learners on roll by year group, guests included, the youngest first."""
    query = "SELECT year_group, count(*) AS people, count(*) FILTER (WHERE active) AS active FROM people GROUP BY 1"
    found = fetch(roll.statement("on roll", query), roll.base(school=school, which="on roll"))
    return tuple(sorted((RollCount(**row) for row in found), key=_by_year))


def staff(*, school: str) -> RollCount:
    """Members of staff who work here."""
    return RollCount("", **fetch(_STAFF, {"school": school})[0])


def _by_year(count: RollCount) -> tuple[int, str]:
    position = year_position(count.year_group)
    return (len(YEAR_GROUPS) if position is None else position, count.year_group)


_WAITING = """
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM placement p
            WHERE p.school = %(school)s AND p.role IN ('holding', 'guest')
            GROUP BY p.account HAVING bool_or(p.ended IS NULL) AND max(p.began) >= %(since)s) arrived) AS arrivals,
       (SELECT count(*) FROM placement p
        JOIN account a ON a.id = p.account
        LEFT JOIN first_password f ON f.account = a.id
        WHERE p.school = %(school)s AND p.role = 'holding' AND p.ended IS NULL AND a.active
          AND CASE WHEN f.account IS NULL THEN a.password = ''
                   ELSE (f.school <> p.school OR f.hidden_at IS NOT NULL)
                        AND (a.last_sign_in IS NULL
                             OR (a.last_sign_in AT TIME ZONE 'Europe/London')::date < p.began) END) AS cannot_sign_in
"""
_STAFF = """
SELECT count(*) AS people, count(*) FILTER (WHERE a.active) AS active
FROM placement p JOIN account a ON a.id = p.account
WHERE p.school = %(school)s AND p.role = 'post' AND p.ended IS NULL
"""
