"""A member of staff who moved: an account of before and a new one, a headteacher, agents, a case (R25)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import PRIMARY, SECONDARY

from hwb.directory.models import Account, Authority, Establishment
from hwb.operations import consolidation, roles
from hwb.operations.consolidation import Request, Wanted, Word
from hwb.operations.roles import NewPerson, Reach

JULY, SEPTEMBER = date(2018, 7, 2), date(2018, 9, 3)
NOW = datetime(2018, 9, 4, 10, tzinfo=UTC)
#: Sessions and services live by the real clock.
AT = datetime(2026, 1, 2, 10, tzinfo=UTC)
BEFORE = {"mis_id": "1", "legal_surname": "Puw", "legal_forename": "Nia"}
HERE = {**BEFORE, "mis_id": "7", "start_date": date(2018, 9, 1), "employee_number": "E77"}


@dataclass
class Moving:
    """Whoever takes part, by account."""

    kept: Account = field(default_factory=Account)
    mover: Account = field(default_factory=Account)
    head: Account = field(default_factory=Account)
    agent: Account = field(default_factory=Account)
    second: Account = field(default_factory=Account)
    officer: Account = field(default_factory=Account)
    champion: Account = field(default_factory=Account)

    def request(self, **values: object) -> int:
        """The staff member asks; the case's number."""
        given: dict[str, object] = {
            "new_school_name": f"School {SECONDARY}", "new_school": SECONDARY, "new_username": self.mover.username,
            "staff_code": "NP", "employee_number": "E77", "has_copied": True,
        }  # fmt: skip
        return consolidation.ask(
            account=self.mover.id, wanted=Wanted(PRIMARY, self.kept.username, SECONDARY), now=NOW,
            request=Request(**{**given, **values}), acting_user=actor(self.mover),  # type: ignore[arg-type]
        )  # fmt: skip

    def word(self, **values: object) -> Word:
        given: dict[str, object] = {
            "former_name": "Nia Puw", "school_name": f"School {PRIMARY}", "school": PRIMARY,
            "username": self.kept.username, "new_school_name": f"School {SECONDARY}", "leaving_confirmed": True,
        }  # fmt: skip
        return Word(**{**given, **values})  # type: ignore[arg-type]

    def authorise(self, number: int, by: Account | None = None, **values: object) -> None:
        by = by or self.head
        consolidation.authorise(
            number=number, word=self.word(**values), acting_account=by.id, acting_user=actor(by), now=NOW
        )

    def take(self, number: int, by: Account | None = None) -> None:
        by = by or self.agent
        consolidation.take(number=number, acting_account=by.id, acting_user=actor(by), now=NOW)

    def join(self, number: int, by: Account | None = None) -> None:
        by = by or self.agent
        consolidation.join(
            number=number, acting_account=by.id, acting_user=actor(by), now=NOW, on=NOW.date(),
            at=datetime.now(UTC),
        )  # fmt: skip

    def joined(self) -> int:
        """A case from the request to the joined account."""
        number = self.request()
        self.authorise(number)
        self.take(number)
        self.join(number)
        return number

    def undo(self, number: int, *, days: int = 1) -> None:
        now = NOW + timedelta(days=days)
        consolidation.undo(
            number=number, acting_account=self.agent.id, acting_user=actor(self.agent), now=now, on=now.date(),
            at=datetime.now(UTC),
        )  # fmt: skip


def actor(account: Account) -> str:
    return f"account {account.id}"


def build(*, in_july: Callable[[], object] = lambda: None) -> Moving:
    """Needs the database: a primary that Nia left in August, a secondary where she began in September."""
    Authority.objects.create(code="671", name_en="Castell Du", name_cy="Castell Du")
    register_schools()
    Establishment.objects.filter(dfes=PRIMARY).update(registered_email="head@primary.example.wales")
    pupils = [learner_row(n) for n in range(1, 4)]
    others = [staff_row("HE", legal_surname="Head", role="Headteacher")]
    deliver(pupils, [staff_row("NP", **BEFORE), *others], school=PRIMARY, on=JULY)
    in_july()
    left = staff_row("NP", **BEFORE, leaving_date=date(2018, 8, 31))
    deliver(pupils, [left, *others], school=PRIMARY, on=SEPTEMBER)
    deliver(
        [learner_row(n) for n in range(11, 14)], [staff_row("NP", **HERE), staff_row("CH", legal_surname="Champion")],
        school=SECONDARY, on=SEPTEMBER,
    )  # fmt: skip
    moving = Moving(
        kept=Account.objects.get(legal_surname="Puw", active=False),
        mover=Account.objects.get(legal_surname="Puw", active=True), head=Account.objects.get(legal_surname="Head"),
        champion=Account.objects.get(legal_surname="Champion"),
    )  # fmt: skip
    on = SEPTEMBER
    roles.grant(Reach("head", PRIMARY), username=moving.head.username, acting_user="tests", now=NOW, on=on)
    roles.grant(Reach("champion", SECONDARY), username=moving.champion.username, acting_user="tests", now=NOW, on=on)
    for name, reach in (
        ("agent", Reach("agent")), ("second", Reach("agent")), ("officer", Reach("area_officer", area="671")),
    ):  # fmt: skip
        made = roles.grant_new(
            reach, person=NewPerson(f"Non {name.title()}", f"{name}@example.wales"), acting_user="tests", now=NOW,
            on=on, at=AT,
        )  # fmt: skip
        setattr(moving, name, Account.objects.get(id=made.account))
    return moving


def fresh(account: Account) -> Account:
    """The account as it stands now."""
    return Account.objects.get(id=UUID(str(account.id)))
