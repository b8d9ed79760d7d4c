"""Who is told what, and when (ux.md 10). No message names a person: it carries counts, dates, codes and ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hwb.lifecycle.calendar import LONDON, london_date


class Kind(StrEnum):
    """The messages, by their number in ux.md 10; the last ones have none there."""

    FAILING = "M1"
    HELD = "M2"
    REFUSALS = "M3"
    PASSED = "M4"
    WAITED_FOR = "M7"
    ARRIVALS = "M10"
    WATCHED = "M11"
    DECISION = "M12"
    MOVE = "M13"
    CASE = "M14"
    OWN_ACCOUNT = "M15"
    CHAMPIONS = "M16"
    EARLIER_WORK = "M20"
    RECOVERY = "recovery"  # A9
    RECOVERY_ADDRESS = "recovery-address"
    ASKED = "asked"  # ux.md C2: whoever looks after several schools tells one of them what to do
    INVITATION = "invitation"  # ux.md 6.1 and B18: the way in of somebody from outside the school's data
    ADDRESS = "address"  # interfaces.md: a registered address changes after 7 days and a notice to the old one


#: Whose message it is, by role. Where one person has several of them, the first is why they get it.
READERS: Mapping[Kind, tuple[str, ...]] = MappingProxyType({
    Kind.FAILING: ("champion", "client_manager"),
    Kind.HELD: ("champion", "head", "client_manager"),
    Kind.REFUSALS: ("mis_admin",),
    Kind.WAITED_FOR: ("mis_admin", "client_manager"),
    Kind.ARRIVALS: ("champion",),
    Kind.CHAMPIONS: ("champion", "head"),
    Kind.ASKED: ("champion", "mis_admin"),
    Kind.DECISION: ("head",),
    Kind.EARLIER_WORK: ("champion",),
})  # fmt: skip
#: Roles among which a school may choose the readers of a message; what is not here has its readers by its nature.
CHOOSABLE: Mapping[Kind, tuple[str, ...]] = MappingProxyType({
    Kind.FAILING: ("champion", "mis_admin", "head", "client_manager"),
    Kind.HELD: ("champion", "head", "mis_admin", "client_manager"),
    Kind.REFUSALS: ("mis_admin", "champion"),
    Kind.WAITED_FOR: ("mis_admin", "client_manager", "champion"),
    Kind.ARRIVALS: ("champion", "mis_admin", "head"),
})  # fmt: skip
#: A held run is told to somebody who can decide about it.
_DECIDING = frozenset({"champion", "head"})
#: Roles that a school's register has an address for, which stands in when nobody holds the role.
REGISTERED = frozenset({"head", "client_manager"})
#: Summaries wait for the morning, and a reader may do without them.
DIGESTS = frozenset({Kind.REFUSALS, Kind.ARRIVALS})
#: What goes first when a reader gets more than a day's share.
URGENCY = (
    Kind.RECOVERY, Kind.RECOVERY_ADDRESS, Kind.INVITATION, Kind.OWN_ACCOUNT, Kind.ADDRESS, Kind.HELD, Kind.DECISION,
    Kind.MOVE, Kind.CASE, Kind.CHAMPIONS, Kind.PASSED, Kind.WATCHED, Kind.FAILING, Kind.ASKED, Kind.WAITED_FOR,
    Kind.EARLIER_WORK, Kind.REFUSALS, Kind.ARRIVALS,
)  # fmt: skip

MORNING = time(7)
#: So many a day for one reader; what is more waits for the next morning.
DAILY_LIMIT = 12
#: What whoever looks after several schools can ask one of them to do.
ASKABLE = ("held", "refused", "leaving dates", "new year", "contact")
#: So many invitations a day for one person.
INVITATIONS_A_DAY = 3
FAILED_IN_A_ROW = 2
SILENCE = timedelta(days=3)
#: A school that has been told that somebody waits is told again after this long, or when more of them wait.
WAITED_AGAIN = timedelta(days=7)
WATCH_ENDS = timedelta(days=120)
LONGEST_PAUSE = timedelta(hours=1)
_ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a message and as what: an account, or (with none) an address in a school's register."""

    role: str
    account: str = ""
    address: str = ""

    @property
    def key(self) -> str:
        return self.account or self.address.casefold()


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of a school's runs. ``last``: the last successful one; failures are those since then.

    ``enrolled``: since when a client could have sent, for a school without a run. ``held``: a run waits for a decision.
    """

    last: datetime | None
    enrolled: datetime | None
    failed: int
    code: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class Failing:
    """Why M1 is written: failed (with a code), held, or silent."""

    cause: str
    due: datetime


def chosen_roles(kind: Kind, text: str) -> tuple[str, ...]:
    """The roles that a school chose as readers, from their stored form. Raises ValueError for a choice that leaves
    nobody, names another role, or (of a held run) nobody who can decide."""
    roles = tuple(dict.fromkeys(text.split()))
    if not roles or set(roles) - set(CHOOSABLE[kind]) or (kind is Kind.HELD and not _DECIDING & set(roles)):
        raise ValueError(text)
    return roles


def readers_of(
    kind: Kind, held: Iterable[Reader], registered: Mapping[str, str], *, roles: tuple[str, ...] = ()
) -> tuple[Reader, ...]:
    """Each reader once. ``registered``: role → address of the register, used where no account has the role.
    ``roles``: those that the school chose."""
    wanted = roles or READERS[kind]
    found: dict[str, Reader] = {}
    by_role = sorted((reader for reader in held if reader.role in wanted), key=lambda r: wanted.index(r.role))
    for reader in by_role:
        found.setdefault(reader.key, reader)
    held_roles = {reader.role for reader in by_role}
    for role in wanted:
        address = registered.get(role, "").strip()
        if role in REGISTERED and role not in held_roles and _ADDRESS.fullmatch(address):
            reader = Reader(role, address=address)
            found.setdefault(reader.key, reader)
    return tuple(found.values())


def is_school_day(day: date) -> bool:
    """Monday to Friday: holidays are each school's own, and are not known."""
    return day.weekday() < 5


def next_morning(after: datetime) -> datetime:
    """The first 07:00 in Wales on a school day that is later than ``after``."""
    day = london_date(after)
    while True:
        morning = datetime.combine(day, MORNING, LONDON)
        if morning > after and is_school_day(day):
            return morning
        day += timedelta(days=1)


def is_morning(now: datetime) -> bool:
    """Whether summaries of this day may have gone out: a school day, 07:00 or later."""
    local = now.astimezone(LONDON)
    return is_school_day(local.date()) and local.time() >= MORNING


def due_at(kind: Kind, now: datetime) -> datetime:
    """When a message about something that happens now is to go out: summaries in the morning, all else at once."""
    return next_morning(now) if kind in DIGESTS else now


def day_began(now: datetime) -> datetime:
    """Midnight in Wales: from there a reader's messages of today are counted."""
    return datetime.combine(london_date(now), time(), LONDON)


def failing(attempts: Attempts, now: datetime) -> Failing | None:
    """Whether a school's runs have stopped (M1): two failures in a row at once, three days without success by 07:00."""
    if attempts.failed >= FAILED_IN_A_ROW:
        return Failing("failed", now)
    since = attempts.last or attempts.enrolled
    if since is None or now - since < SILENCE:
        return None
    due = now if is_morning(now) else next_morning(now)
    return Failing("held" if attempts.held else "failed" if attempts.failed else "silent", due)


def is_told_again(*, count: int, newest: date, told: Mapping[str, Any] | None, told_at: datetime | None,
                  now: datetime) -> bool:  # fmt: skip
    """Whether a school hears that others wait for its learners (M7): the first time, when more wait, weekly."""
    if told is None or told_at is None:
        return True
    if london_date(told_at) == london_date(now):
        return False
    more = count > int(told["count"]) or newest.isoformat() > str(told.get("newest", ""))
    return more or now - told_at >= WAITED_AGAIN


def new_refusals(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Refusals that the run before did not have: {"count": people, "reasons": {code: people}}.

    Both are stored results (:mod:`hwb.operations.results`). A person is known again by UPN, else by number or code.
    """
    fresh = _refusals(now) - _refusals(before)
    reasons = Counter(code for _, code in fresh)
    return {"count": len({who for who, _ in fresh}), "reasons": dict(sorted(reasons.items()))}


def _refusals(result: Mapping[str, Any]) -> set[tuple[str, str]]:
    codes: dict[str, set[str]] = {}
    for problem in result.get("problems") or ():
        codes.setdefault(problem["record"], set()).add(problem["code"])
    return {(_who(person), code) for person in result.get("people") or () for code in codes.get(person["record"], ())}


def _who(person: Mapping[str, str]) -> str:
    names = ("upn", "mis_id", "admission_number", "staff_code", "employee_number")
    stable = next((f"{name} {person[name]}" for name in names if person.get(name)), "")
    return stable or f"{person.get('legal_surname', '')} {person.get('legal_forename', '')} {person['record']}"


def summed(details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several occurrences of one summary as one: numbers are added, those in ``reasons`` one by one."""
    total: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for item in details:
        total.update({name: value for name, value in item.items() if isinstance(value, int)})
        reasons.update(item.get("reasons", {}))
    return {**total, **({"reasons": dict(sorted(reasons.items()))} if reasons else {})}


def pause_after(tries: int) -> timedelta:
    """How long to wait before a message is tried again: 1, 2, 4 … 60 minutes."""
    return min(timedelta(minutes=2 ** min(tries, 6)), LONGEST_PAUSE)
