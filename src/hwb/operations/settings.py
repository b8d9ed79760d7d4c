"""The nation's settings and the schools': every key, its default, what it may hold. Stored as text, one row a key.

The rules' own limits are in :mod:`hwb.lifecycle.policy`; here they get names that an operator types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from django.db import connection, transaction

from hwb.directory.chain import NATION
from hwb.directory.queries.schools import SchoolLimits
from hwb.extract.texts import N_, Text
from hwb.identifiers import parse_dfes_number
from hwb.lifecycle.calendar import YEAR_GROUPS, london_date
from hwb.lifecycle.explain_facts import Limits
from hwb.lifecycle.messages import CHOOSABLE, chosen_roles
from hwb.lifecycle.passwords import MADE_FOR, PasswordPolicy, Showing
from hwb.lifecycle.policy import DEFAULT_LIMITS, Grace, Limit, Policy
from hwb.operations import audit

_LONGEST_LINE = 200
_DFES = 7
#: Between these days a school's autumn term begins.
_FIRST_TERM_START, _LAST_TERM_START = (7, 15), (10, 15)
_TERM_START = "term_start."
_LIMIT = re.compile(r"(\d{1,6}) +(\d{1,3}(?:\.\d{1,2})?) ?%")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)")
_WINDOW = re.compile(r"(\d\d-\d\d) +(\d\d-\d\d)")


class SettingRefused(ValueError):
    """A key that does not exist, or a value that it cannot hold; `text` says what is needed."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message.format_map(text.values))
        self.text = text


@dataclass(frozen=True, slots=True)
class Known:
    """One setting: default, and the reader that raises ValueError for what it cannot hold."""

    default: str
    read: Callable[[str], object]
    needed: str


def _limit(text: str) -> Limit:
    found = _LIMIT.fullmatch(text)
    if found is None or float(found[2]) > 100:
        raise ValueError(text)
    return Limit(int(found[1]), float(found[2]) / 100)


def _month_day(text: str) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day = date(2001, int(found[1]), int(found[2]))  # no leap year: 29 February is no yearly date
    return day.month, day.day


def _term_start(text: str) -> tuple[int, int]:
    if not _FIRST_TERM_START <= _month_day(text) <= _LAST_TERM_START:
        raise ValueError(text)
    return _month_day(text)


def _window(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return _month_day(found[1]), _month_day(found[2])


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 366:
        raise ValueError(text)
    return int(text)


def _yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(text)
    return text == "yes"


def _languages(text: str) -> tuple[str, ...]:
    if text not in ("cy en", "en cy", "cy", "en"):
        raise ValueError(text)
    return tuple(text.split())


def _line(text: str) -> str:
    if len(text) > _LONGEST_LINE or not text.isprintable():
        raise ValueError(text)
    return text


#: Whoever is missing is looked at on the next tick: with fewer days than before somebody may be free already (R32).
_MISSING_DUE = """
UPDATE learner_record SET due_on = %(on)s
WHERE missing_since IS NOT NULL AND leaving_date IS NULL AND due_on > %(on)s
"""

_NEEDED_LIMIT = N_("The setting {key} needs a number and a share, for example: 10 5%")
_NEEDED_DAY = N_("The setting {key} needs month and day, for example: 09-01")
_NEEDED_WINDOW = N_("The setting {key} needs its first and last day, for example: 08-01 10-31")
_NEEDED_DAYS = N_("The setting {key} needs a number of days from 1 to 366.")
_NEEDED_SHOWING = N_("The setting {key} needs one of these values: until changed, once")
_NEEDED_YES_NO = N_("The setting {key} needs yes or no.")
_NEEDED_LANGUAGES = N_("The setting {key} needs one of these values: cy en, en cy, cy, en")
_NEEDED_DATE = N_("The setting {key} needs a date, for example: 2018-09-01")
_NEEDED_READERS = N_("The setting {key} needs roles that this message can go to; of a held run one that decides.")
_NEEDED_TERM = N_("The setting {key} needs month and day between 07-15 and 10-15, for example: 09-03")
_NEEDED_CONTACT = N_("The setting {key} needs one line of up to 200 characters.")

KNOWN: Mapping[str, Known] = {
    **{
        f"holds.{check}": Known(f"{limit.number} {limit.share * 100:g}%", _limit, _NEEDED_LIMIT)
        for check, limit in DEFAULT_LIMITS.items()
    },
    "missing_days": Known("7", _days, _NEEDED_DAYS),
    "academic_year_start": Known("09-01", _month_day, _NEEDED_DAY),
    "intake": Known("08-01 10-31", _window, _NEEDED_WINDOW),
    "leaving_season": Known("06-01 10-31", _window, _NEEDED_WINDOW),
    "freshness.fresh_days": Known("2", _days, _NEEDED_DAYS),
    "freshness.old_days": Known("7", _days, _NEEDED_DAYS),
    "passwords.shown": Known(str(Showing.UNTIL_CHANGED), Showing, _NEEDED_SHOWING),
    "passwords.teachers": Known("yes", _yes_no, _NEEDED_YES_NO),
    "languages.print": Known("cy en", _languages, _NEEDED_LANGUAGES),
    "languages.messages": Known("cy en", _languages, _NEEDED_LANGUAGES),
}
#: What a school may set for itself, with its DfES number after the key.
_BY_SCHOOL: Mapping[str, Known] = {
    **{key: KNOWN[key] for key in ("passwords.teachers", "languages.print", "languages.messages")},
    "client_contact": Known("", _line, _NEEDED_CONTACT),
    "term_start": Known("", _term_start, _NEEDED_TERM),
    "access.confirmed": Known("", date.fromisoformat, _NEEDED_DATE),
    **{f"readers.{kind}": Known("", partial(chosen_roles, kind), _NEEDED_READERS) for kind in CHOOSABLE},
}

_CHOOSING = "passwords.choose."
#: Settings that a year group has, for the nation or (with a DfES number after it) for one school.
_BY_YEAR: Mapping[str, Known] = {
    "grace.": Known("", _month_day, _NEEDED_DAY),
    _CHOOSING: Known("", _yes_no, _NEEDED_YES_NO),
    "badges.": Known("", _yes_no, _NEEDED_YES_NO),  # read by directory.queries.children
}


def get(key: str) -> str:
    """The value in force: what was set, else the default, else (one of a year group) empty. Raises SettingRefused."""
    known = _known(key)
    return stored().get(key, known.default)


def all_in_force() -> dict[str, str]:
    """Every setting and its value, defaults included, by key."""
    return dict(sorted({**{key: known.default for key, known in KNOWN.items()}, **stored()}.items()))


def put(*, key: str, value: str, acting_user: str, now: datetime) -> str:
    """Sets one; an empty value goes back to the default. Returns the value before. Raises SettingRefused."""
    known = _known(key)
    value = " ".join(value.split())
    if value:
        try:
            known.read(value)
        except ValueError:
            raise SettingRefused(Text(known.needed, {"key": key})) from None
    with transaction.atomic():
        before = get(key)
        with connection.cursor() as cursor:
            cursor.execute(_PUT, [key, value, acting_user, now])
            if key.startswith("client_contact."):
                cursor.execute("UPDATE establishment SET client_contact = %s WHERE dfes = %s", [value, _school(key)])
            if key == "missing_days":
                cursor.execute(_MISSING_DUE, {"on": london_date(now)})
        audit.record(
            action="setting", actor=acting_user, at=now, school=_school(key), chain=_school(key) or NATION,
            details={"key": key, "before": before, "after": value or known.default},
        )  # fmt: skip
    return before


def of_school(key: str, school: str) -> str:
    """What holds for a school: its own value, else the nation's, else the default."""
    values = stored()
    return values.get(f"{key}.{school}") or values.get(key) or _BY_SCHOOL[key].default


def teachers_reset(school: str) -> bool:
    """Whether the school lets class teachers make passwords for their own classes."""
    return _yes_no(of_school("passwords.teachers", school))


def stored() -> dict[str, str]:
    """What was set, by key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, value FROM setting WHERE value <> ''")
        return dict(cursor.fetchall())


def policy() -> Policy:
    """The rules' view of what is in force now."""
    return policy_from(stored())


def school_limits() -> SchoolLimits:
    """The limits by which a school's data is called fresh, old or last year's (R37), schools' own terms included."""
    values = stored()
    in_force = {**{key: known.default for key, known in KNOWN.items()}, **values}
    return SchoolLimits(
        timedelta(days=_days(in_force["freshness.fresh_days"])),
        timedelta(days=_days(in_force["freshness.old_days"])),
        _month_day(in_force["academic_year_start"]),
        {key.removeprefix(_TERM_START): _month_day(value) for key, value in values.items()
         if key.startswith(_TERM_START)},
    )  # fmt: skip


def explanation_limits(*, school: str = "") -> Limits:
    """What explanations depend on beside the facts: the rules' view, and from when a school is called late.

    school: the one that asks; the year begins on its own first day of term, where it has set one.
    """
    values = stored()
    in_force = {**{key: known.default for key, known in KNOWN.items()}, **values}
    policy = policy_from(values)
    if own := values.get(f"{_TERM_START}{school}"):
        policy = replace(policy, year_start=_month_day(own))
    return Limits(policy, _days(in_force["freshness.fresh_days"]), _days(in_force["freshness.old_days"]))


def password_policy() -> PasswordPolicy:
    """How long made passwords are shown, and which learners may choose their own (R10)."""
    values = stored()
    choosing = {}
    for key, value in values.items():
        if key.startswith(_CHOOSING):
            year_group, *school = key.removeprefix(_CHOOSING).split(".")
            choosing[school[0] if school else "", year_group] = _yes_no(value)
    return PasswordPolicy(Showing(values.get("passwords.shown", KNOWN["passwords.shown"].default)), choosing)


def policy_from(values: Mapping[str, str]) -> Policy:
    """The rules' view of stored settings; what is not stored has its default."""
    in_force = {**{key: known.default for key, known in KNOWN.items()}, **values}
    return Policy(
        limits={check: _limit(in_force[f"holds.{check}"]) for check in DEFAULT_LIMITS},
        missing_days=_days(in_force["missing_days"]),
        year_start=_month_day(in_force["academic_year_start"]),
        intake=_window(in_force["intake"]),
        leaving_season=_window(in_force["leaving_season"]),
        graces=tuple(_grace(key, value) for key, value in sorted(values.items()) if key.startswith("grace.")),
    )


def _grace(key: str, value: str) -> Grace:
    _, year_group, *school = key.split(".")
    return Grace(school[0] if school else "", year_group, *_month_day(value))


def _known(key: str) -> Known:
    if key in KNOWN:
        return KNOWN[key]
    for start, known in _BY_YEAR.items():
        if key.startswith(start) and _is_of_a_year(key.removeprefix(start), choosing=start == _CHOOSING):
            return known
    name, _, school = key.rpartition(".")
    if name in _BY_SCHOOL and parse_dfes_number(school) == school:
        return _BY_SCHOOL[name]
    raise SettingRefused(Text(N_("There is no setting {key}. All of them: hwb settings get"), {"key": key}))


def _school(key: str) -> str:
    """The school whose setting it is; empty for the nation's."""
    last = key.rpartition(".")[2]
    return last if len(last) == _DFES and last.isdigit() else ""


def _is_of_a_year(rest: str, *, choosing: bool) -> bool:
    """Whether this is YEAR or YEAR.SCHOOL; the youngest have nothing to choose."""
    year_group, *school = rest.split(".")
    if year_group not in YEAR_GROUPS or (choosing and year_group in MADE_FOR) or len(school) > 1:
        return False
    return not school or parse_dfes_number(school[0]) == school[0]


_PUT = """
INSERT INTO setting (key, value, changed_by, changed_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
"""
