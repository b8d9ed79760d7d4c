"""A small world for tests of pages: two schools with learners, and somebody signed in for each role."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from tests.support.deliveries import deliver, learner_row, register_schools, staff_row
from tests.support.people import OTHER, PRIMARY, learner

from hwb import clock
from hwb.directory.models import Account, Authority, MoveAnswer, Run
from hwb.extract.records import Row
from hwb.operations import roles
from hwb.operations.roles import NewPerson, Reach
from hwb.web.again import CONFIRMED_AT
from hwb.web.policy import Role
from hwb.web.session import BEGAN, SECOND_STEP, SEEN

PASSWORD = "afon-llyfr-mynydd"
SCHOOL, ELSEWHERE = PRIMARY, OTHER
#: The class that the teacher has, and one that the teacher has not.
OWN_CLASS, OTHER_CLASS = "6G", "5M"
ROLES = tuple(Role)
_SCHOOL_STAFF = {Role.CHAMPION: "CH", Role.MIS_ADMIN: "MI", Role.HEAD: "HE", Role.TEACHER: "TE", Role.STAFF: "ST"}


@dataclass
class World:
    """Accounts by role, learners by class, the schools' runs."""

    accounts: dict[Role, Account] = field(default_factory=dict)
    learners: dict[str, list[Account]] = field(default_factory=dict)
    elsewhere: list[Account] = field(default_factory=list)
    run: Run | None = None
    run_elsewhere: Run | None = None

    def client(self, role: Role | None, *, fresh: bool = True, **more: object) -> Client:
        """A test client signed in as the role, or as nobody."""
        client = Client(**more)  # type: ignore[arg-type]
        if role is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = session_of(self.accounts[role].id, fresh=fresh)
        return client


def build() -> World:
    """Needs the database; takes some tenths of a second."""
    Authority.objects.create(code="671", name_en="Castell Du", name_cy="Castell Du")
    register_schools(SCHOOL, ELSEWHERE)
    world = World()
    staff = [
        staff_row(code, legal_surname=role.value.title().replace("_", ""), classes=(OWN_CLASS,) if role is Role.TEACHER else (),
                  role="Headteacher" if role is Role.HEAD else "")
        for role, code in _SCHOOL_STAFF.items()
    ]  # fmt: skip
    world.run = Run.objects.get(id=deliver(_learners(), staff, school=SCHOOL))
    world.run_elsewhere = Run.objects.get(id=deliver([learner_row(50), learner_row(51)], [], school=ELSEWHERE))
    for account in Account.objects.filter(kind="learner").order_by("created_at", "id"):
        group, school = _place(account)
        world.elsewhere.append(account) if school == ELSEWHERE else world.learners.setdefault(group, []).append(account)
    world.accounts[Role.LEARNER] = world.learners[OWN_CLASS][0]
    for role in _SCHOOL_STAFF:
        world.accounts[role] = Account.objects.get(legal_surname=role.value.title().replace("_", ""))
    _grant(world)
    Account.objects.filter(id__in=[account.id for account in world.accounts.values()]).update(password=encoded())
    # they have been here for a while: nobody asks them whether they worked at another school (ux.md 6.6)
    MoveAnswer.objects.bulk_create(
        MoveAnswer(account=world.accounts[role].id, answer="new", at=datetime.now(UTC)) for role in _SCHOOL_STAFF
    )
    for account in world.accounts.values():
        account.refresh_from_db()
    return world


def release_learner(world: World) -> None:
    """The school's next run, which says that the learner of the roles has left."""
    left = str(world.accounts[Role.LEARNER].upn)
    deliver(_learners(left=left), None, school=SCHOOL, on=date(2018, 7, 4))
    assert not Account.objects.get(upn=left).active


def _learners(*, left: str = "") -> list[Row]:
    return [
        learner_row(
            number, registration_group=OWN_CLASS if number <= 3 else OTHER_CLASS, year_group="6" if number <= 3 else "5",
            **({"leaving_date": date(2018, 7, 3)} if learner(number).upn == left else {}),
        )
        for number in range(1, 7)
    ]  # fmt: skip


def _grant(world: World) -> None:
    today = clock.today()
    now = datetime.now(UTC)
    for role in (Role.CHAMPION, Role.MIS_ADMIN, Role.HEAD):
        roles.grant(
            Reach(role.value, SCHOOL), username=world.accounts[role].username, acting_user="tests", now=now, on=today
        )
    for role in (Role.CLIENT_MANAGER, Role.AREA_OFFICER, Role.AGENT, Role.OPERATOR, Role.AUDITOR):
        area = "671" if role in (Role.CLIENT_MANAGER, Role.AREA_OFFICER) else ""
        made = roles.grant_new(
            Reach(role.value, area=area), acting_user="tests", now=now, on=today, at=now,
            person=NewPerson(f"Non {role.value.title().replace('_', '')}", f"{role.value}@example.wales"),
        )  # fmt: skip
        world.accounts[role] = Account.objects.get(id=made.account)


def _place(account: Account) -> tuple[str, str]:
    from hwb.directory.models import LearnerRecord

    record = LearnerRecord.objects.get(upn=account.upn)
    return record.registration_group, record.school


@cache
def encoded() -> str:
    """The hash of everybody's password, made once."""
    return make_password(PASSWORD)


def session_of(account: UUID, *, fresh: bool = True, began: float | None = None, seen: float | None = None) -> str:
    """The key of a session in which the account is signed in; not fresh: the password was given 20 minutes ago."""
    store = SessionStore()
    now = time.time()
    store.update({
        SESSION_KEY: str(account), BACKEND_SESSION_KEY: "hwb.signin.backend.PasswordBackend",
        HASH_SESSION_KEY: str(account), BEGAN: began or now, SEEN: seen or now,
        CONFIRMED_AT: now if fresh else now - 20 * 60, SECOND_STEP: "app",
    })  # fmt: skip
    store.save()
    return str(store.session_key)
