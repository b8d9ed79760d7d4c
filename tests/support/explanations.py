"""For each code of ux.md 5 the data that leads to it, made through the operations that server and worker call.

`SITUATIONS[name]()` needs an empty database, and says what to ask: whom, which school, on which day.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tests.support.connectors import connect
from tests.support.deliveries import JULY, deliver, extract_of, learner_row, register_schools, send, staff_row
from tests.support.people import OTHER, PRIMARY, SECONDARY, upn

from hwb.directory.models import (
    Account,
    Authority,
    Badge,
    BadgeOnly,
    ChildPictures,
    PictureTries,
    Placement,
    SignInCount,
)
from hwb.directory.queries import explanations
from hwb.extract.records import Row
from hwb.lifecycle import explain
from hwb.operations import accounts, protection, provisioning, settings

DAY = timedelta(days=1)
SEPTEMBER = date(2018, 9, 4)


@dataclass(frozen=True)
class Asked:
    """What to ask after the data is made: a UPN, or a member of staff by words, account or username."""

    upn: str = ""
    staff: str = ""
    username: str = ""
    school: str = PRIMARY
    on: date = JULY
    for_owner: bool = False

    def answer(self) -> explain.Explanation:
        """The engine's answer from the database."""
        limits = settings.explanation_limits()
        if self.upn:
            facts = explanations.learner(upn=self.upn, school=self.school, on=self.on, limits=limits)
            return explain.learner(facts, on=self.on, limits=limits)
        found = explanations.staff(
            school=self.school, asked=self.staff, username=self.username, on=self.on, limits=limits,
            for_owner=self.for_owner,
        )  # fmt: skip
        return explain.staff(found, on=self.on, limits=limits)


def start() -> None:
    """A July: six learners of years 4 and 6 and one member of staff at the primary; one learner at the secondary."""
    Authority.objects.create(code="671", name_en="Glan Enfys Council", name_cy="Cyngor Glan Enfys")
    register_schools(PRIMARY, SECONDARY, OTHER)
    at_primary([])
    at_secondary([])


def at_primary(
    changed: Sequence[Row],
    *,
    on: date = JULY,
    without: Sequence[int] = (),
    staff: Sequence[Row] | None = None,
    hour: int = 12,
) -> None:
    """The primary's run: its six learners, those of ``changed`` in place of their own row."""
    rows = {number: learner_row(number, year_group="4" if number == 4 else "6") for number in range(1, 7)}
    kept = [row for number, row in rows.items() if number not in without and row[1] not in {c[1] for c in changed}]
    members = [staff_row("AB")] if staff is None else staff
    deliver([*kept, *changed], members, on=on, hour=hour)


def at_secondary(more: Sequence[Row], *, on: date = JULY) -> None:
    deliver([learner_row(20, year_group="9"), *more], school=SECONDARY, on=on)


def name(number: int) -> str:
    return Account.objects.get(upn=upn(number)).username


def staff_name() -> str:
    return Account.objects.get(kind="staff").username


def _decide(what: Callable[..., object], username: str, *, on: date = JULY, reason: str = "asked for") -> None:
    now = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    what(username=username, school=PRIMARY, reason=reason, acting_user="cerys.rees", now=now, on=on)


def arriving(number: int = 1, *, on: date = JULY, **values: object) -> Row:
    return learner_row(number, **{"start_date": on, "year_group": "7", "registration_group": "7B", **values})


def _active() -> Asked:
    Account.objects.filter(upn=upn(1)).update(password="x")
    return Asked(upn(1))


def _refused() -> Asked:
    at_primary([learner_row(1, year_group="")], on=JULY + DAY)
    return Asked(upn(1), on=JULY + DAY)


def _refused_newcomer() -> Asked:
    at_primary([learner_row(7, year_group="")], on=JULY + DAY)
    return Asked(upn(7), on=JULY + DAY)


def _future() -> Asked:
    at_primary([learner_row(1, leaving_date=JULY - DAY)], on=JULY, hour=13)
    at_secondary([arriving(start_date=SEPTEMBER)], on=JULY + DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _future_newcomer() -> Asked:
    at_secondary([arriving(50, start_date=SEPTEMBER)], on=JULY + DAY)
    return Asked(upn(50), school=SECONDARY, on=JULY + DAY)


def _future_held_elsewhere() -> Asked:
    at_secondary([arriving(start_date=SEPTEMBER)], on=JULY + DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _waiting(number: int = 1, *, on: date = JULY + DAY) -> Asked:
    at_secondary([arriving(number, on=on)], on=on)
    return Asked(upn(number), school=SECONDARY, on=on)


def _looked_up() -> Asked:
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _leaving_later() -> Asked:
    at_primary([learner_row(1, leaving_date=JULY + 20 * DAY)], on=JULY, hour=13)
    return _waiting()


def _late() -> Asked:
    return _waiting(4, on=JULY + 10 * DAY)


def _late_final_year() -> Asked:
    return _waiting(1, on=JULY + 10 * DAY)


def _released() -> Asked:
    at_primary([learner_row(1, leaving_date=JULY + DAY)], on=JULY + 3 * DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + 3 * DAY)


def _released_not_in_run() -> Asked:
    asked = _released()
    at_secondary([], on=asked.on + DAY)
    return Asked(upn(1), school=SECONDARY, on=asked.on + DAY)


def _namesake() -> Asked:
    at_secondary([arriving(1, upn=upn(77))], on=JULY + DAY)
    at_primary([learner_row(1, leaving_date=JULY)], on=JULY + 2 * DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + 2 * DAY)


def _conflict(school: str) -> Callable[[], Asked]:
    def make() -> Asked:
        _waiting()
        deliver([arriving(on=JULY - DAY, year_group="6")], school=OTHER, on=JULY + DAY)
        at_primary([learner_row(1, leaving_date=JULY + DAY)], on=JULY + 2 * DAY)
        return Asked(upn(1), school=school, on=JULY + 2 * DAY)

    return make


def _unseen() -> Asked:
    return Asked(upn(99))


def _unseen_late() -> Asked:
    return Asked(upn(99), on=JULY + 20 * DAY)


def _never_run() -> Asked:
    return Asked(upn(1), school=OTHER)


def _held_run(*, on: date = JULY + DAY) -> None:
    """Twenty-two newcomers outside an intake: held."""
    at_primary([learner_row(n) for n in range(40, 62)], on=on)


def _held() -> Asked:
    _held_run()
    return Asked(upn(60), on=JULY + DAY)


def _failing() -> Asked:
    for hour in (13, 14):
        old = extract_of([learner_row(1), learner_row(60)], on=JULY - DAY, hour=hour)
        with contextlib.suppress(provisioning.DeliveryRefused):
            send(old, now=datetime(2018, 7, 3, hour, tzinfo=UTC))
    return Asked(upn(60), on=JULY + DAY)


def _switched_off() -> Asked:
    _decide(accounts.deactivate, name(1))
    return Asked(upn(1))


def _switched_off_for_safety() -> Asked:
    _decide(accounts.deactivate, name(1), reason="safety")
    return Asked(upn(1))


def _left() -> Asked:
    at_primary([learner_row(1, leaving_date=JULY)], on=JULY + DAY)
    return Asked(upn(1), on=JULY + DAY)


def _departure_confirmed() -> Asked:
    at_primary([], without=[1], on=JULY + DAY)
    _decide(accounts.left, name(1), on=JULY + DAY)
    return Asked(upn(1), on=JULY + DAY)


def _left_and_left_again() -> Asked:
    _left()
    at_secondary([arriving(on=JULY + DAY)], on=JULY + DAY)
    at_secondary([arriving(on=JULY + DAY, leaving_date=JULY + 2 * DAY)], on=JULY + 3 * DAY)
    return Asked(upn(1), on=JULY + 3 * DAY)


def _missing() -> Asked:
    at_primary([], without=[1], on=JULY + DAY)
    return Asked(upn(1), on=JULY + DAY)


def _last_years() -> Asked:
    return Asked(upn(1), on=SEPTEMBER)


def _last_years_in_september() -> Asked:
    at_primary([], on=SEPTEMBER)
    at_primary([], on=SEPTEMBER + DAY)
    return Asked(upn(1), on=SEPTEMBER + DAY)


def _wrong_passwords(count: int) -> Callable[[], Asked]:
    """So many in a row with the learner's name, just now; ten lock."""

    def make() -> Asked:
        until = datetime(2090, 7, 3, 14, 5, tzinfo=UTC) if count == 10 else None
        SignInCount.objects.create(
            key=b"name", account=Account.objects.get(upn=upn(1)).id, row=count, until=until, last=datetime.now(UTC)
        )
        return Asked(upn(1))

    return make


def _child(
    *, pictures: bool = True, badge: date | None = None, alone: bool = False, wrong: int = 0, until: bool = False,
    ended: bool = False,
) -> Callable[[], Asked]:  # fmt: skip
    """A child of Year 6 without a password. badge: its last day. wrong: passwords in a row."""

    def make() -> Asked:
        if wrong:
            _wrong_passwords(wrong)()
        account = Account.objects.get(upn=upn(1))
        placement = Placement.objects.get(account=account, ended=None)
        if pictures:
            ChildPictures.objects.create(
                account=account, ciphertext=b"", key_id="k", school=PRIMARY, set_by="t", set_at=datetime.now(UTC)
            )
        if badge:
            Badge.objects.create(
                account=account, placement=placement, digest="d", ciphertext=b"", key_id="k", made_by="t",
                made_at=datetime.now(UTC), last_day=badge,
            )  # fmt: skip
        if alone:
            BadgeOnly.objects.create(placement=placement, set_by="t", set_at=datetime.now(UTC))
        if until or ended:
            moment = datetime(2090, 7, 3, 14, 5, tzinfo=UTC) if until else None
            PictureTries.objects.create(account=account, device="", until=moment, ended=ended, last=datetime.now(UTC))
        return Asked(upn(1))

    return make


def _services_moving(*, new: bool) -> Callable[[], Asked]:
    """Claimed, or made, today, while nobody has carried the account to e-mail and files yet."""

    def make() -> Asked:
        connect()
        if new:
            at_secondary([arriving(77, on=JULY + DAY)], on=JULY + DAY)
            return Asked(upn(77), school=SECONDARY, on=JULY + 2 * DAY)
        at_primary([learner_row(1, leaving_date=JULY)], on=JULY + DAY)
        at_secondary([arriving(1, on=JULY + DAY)], on=JULY + DAY)
        return Asked(upn(1), school=SECONDARY, on=JULY + DAY)

    return make


def _protected() -> Asked:
    protection.protect(
        username=name(1), reason="court order", acting_user="support", now=datetime(2018, 7, 2, tzinfo=UTC)
    )
    return Asked(upn(1), school=SECONDARY)


def _protected_unknown() -> Asked:
    protection.protect(
        username="", upn=upn(99), reason="court order", acting_user="support", now=datetime(2018, 7, 2, tzinfo=UTC)
    )
    return Asked(upn(99), school=SECONDARY)


def _moved_on() -> Asked:
    _left()
    at_secondary([arriving(on=JULY + DAY)], on=JULY + DAY)
    return Asked(upn(1), on=JULY + DAY)


def _clash() -> Asked:
    at_secondary([arriving(legal_surname="Arall", birth_date=date(2006, 5, 5))], on=JULY + DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _clash_of_former() -> Asked:
    at_secondary([arriving(1, upn=upn(51), former_upn=upn(1), birth_date=date(2006, 5, 5))], on=JULY + DAY)
    at_primary([learner_row(1, leaving_date=JULY)], on=JULY + 2 * DAY)
    return Asked(upn(51), school=SECONDARY, on=JULY + 2 * DAY)


def _waiting_for_former() -> Asked:
    at_secondary([arriving(1, upn=upn(51), former_upn=upn(1))], on=JULY + DAY)
    return Asked(upn(51), school=SECONDARY, on=JULY + DAY)


def _guest() -> Asked:
    at_secondary([arriving(enrolment_status="G")], on=JULY + DAY)
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _suspended() -> Asked:
    _decide(accounts.suspend, name(1))
    return Asked(upn(1))


def _grace() -> Asked:
    settings.put(key="grace.6", value="08-31", acting_user="root", now=datetime(2018, 7, 2, tzinfo=UTC))
    return _left()


def _previous_held() -> Asked:
    _waiting()
    _held_run()
    return Asked(upn(1), school=SECONDARY, on=JULY + DAY)


def _previous_refused() -> Asked:
    at_primary([learner_row(1, year_group="")], on=JULY + DAY)
    return _waiting()


def _previous_missing() -> Asked:
    at_primary([], without=[1], on=JULY + DAY)
    return _waiting()


def _staff(*rows: Row, on: date = JULY + DAY, ask: str = "", username: str = "") -> Callable[[], Asked]:
    def make() -> Asked:
        at_primary([], staff=rows or None, on=on)
        return Asked(staff=ask, username=username, on=on)

    return make


def _staff_switched_off() -> Asked:
    _decide(accounts.deactivate, staff_name())
    return Asked(staff="AB")


def _staff_said_left() -> Asked:
    _decide(accounts.deactivate, staff_name(), reason="left")
    return Asked(staff="AB")


def _staff_suspended() -> Asked:
    _decide(accounts.suspend, staff_name())
    return Asked(username=staff_name())


def _staff_missing() -> Asked:
    at_primary([], staff=[staff_row("CD", legal_surname="Huws")], on=JULY + DAY)
    return Asked(staff="Mali Rees", on=JULY + DAY)


_NEW = {"legal_surname": "Prys", "legal_forename": "Gwenllian"}
_AB = staff_row("AB")

#: name → what makes it; the name begins with the code that is answered.
SITUATIONS: dict[str, Callable[[], Asked]] = {
    "LX01": _active,
    "LX01 child": _child(badge=date(2018, 8, 31)),
    "LX01 no way in": _child(pictures=False, badge=date(2018, 8, 31)),
    "LX01 badge alone": _child(pictures=False, alone=True, badge=date(2018, 8, 31)),
    "LX01 badge over": _child(badge=JULY - DAY),
    "LX01 badge alone over": _child(pictures=False, alone=True, badge=JULY - DAY),
    "LX01 waited for": lambda: replace(_waiting(), school=PRIMARY),
    "LX02": _refused,
    "LX02 newcomer": _refused_newcomer,
    "LX03": _future,
    "LX03 newcomer": _future_newcomer,
    "LX03 held elsewhere": _future_held_elsewhere,
    "LX04": _waiting,
    "LX04 looked up": _looked_up,
    "LX04 leaving later": _leaving_later,
    "LX04 former UPN": _waiting_for_former,
    "LX05": _late,
    "LX06": _late_final_year,
    "LX07": _released,
    "LX08": _released_not_in_run,
    "LX09": _namesake,
    "LX10": _conflict(SECONDARY),
    "LX10 at the holder": _conflict(OTHER),
    "LX11": _unseen,
    "LX12": _held,
    "LX13": _switched_off,
    "LX13 for safety": _switched_off_for_safety,
    "LX14": _left,
    "LX14 confirmed": _departure_confirmed,
    "LX14 elsewhere and left": _left_and_left_again,
    "LX15": _missing,
    "LX16": _failing,
    "LX16 late": _unseen_late,
    "LX16 never": _never_run,
    "LX17": _wrong_passwords(4),
    "LX18": _wrong_passwords(10),
    "LX18 closed": _wrong_passwords(100),
    "LX18 child": _child(wrong=10),
    "LX18 pictures": _child(until=True, wrong=10),
    "LX18 pictures closed": _child(ended=True, until=True),
    "LX19": _services_moving(new=False),
    "LX19 new": _services_moving(new=True),
    "LX20": _last_years,
    "LX20 in September": _last_years_in_september,
    "LX21": _protected,
    "LX21 unknown": _protected_unknown,
    "LX22": _moved_on,
    "LX23": _clash,
    "LX23 former UPN": _clash_of_former,
    "LX24": _guest,
    "LX25": _suspended,
    "LX26": _grace,
    "LX27 held": _previous_held,
    "LX27 refused": _previous_refused,
    "LX27 missing": _previous_missing,
    "SX01": _staff(_AB, staff_row("CD", start_date=None, **_NEW), ask="Gwenllian Prys"),
    "SX02": _staff(_AB, staff_row("", **_NEW), ask="Prys Gwenllian"),
    "SX03": _staff(_AB, staff_row("RJ", **_NEW), staff_row("RJ", mis_id="q", legal_surname="Huws"), ask="rj"),
    "SX04": _staff(_AB, staff_row("CD", start_date=SEPTEMBER, **_NEW), ask="CD"),
    "SX05": lambda: Asked(staff="Gwenllian Prys", on=JULY + DAY),
    "SX06": lambda: Asked(staff="Gwenllian Prys", on=JULY + 4 * DAY),
    "SX06 never": lambda: Asked(staff="Gwenllian Prys", school=OTHER),
    "SX07": lambda: Asked(staff="Mali Reese", on=JULY + DAY),
    "SX08": _staff(staff_row("AB", leaving_date=JULY), ask="AB"),
    "SX09": _staff_missing,
    "SX09 switched off": _staff_said_left,
    "SX10": lambda: Asked(staff="AB", for_owner=True),
    "SX11": lambda: Asked(staff="AB"),
    "SX11 switched off": _staff_switched_off,
    "SX12": _staff_suspended,
    "SX13": _staff(_AB, staff_row("CD", leaving_date=date(2016, 7, 1), **_NEW), ask="CD"),
}
