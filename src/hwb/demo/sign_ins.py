"""One sign-in for each role, made as anybody's is: roles granted, links used, passwords made and chosen anew."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from hwb.demo import encore
from hwb.demo.authority import AUTHORITY, CWM, DDOL, HEOL, MAES
from hwb.demo.stage import CHAMPION, OPERATOR, Stage, must
from hwb.directory.queries.accounts import AccountRow, find
from hwb.extract.records import LearnerRecord, StaffRecord
from hwb.extract.texts import N_, Text, render
from hwb.lifecycle import badges as badge_rules
from hwb.lifecycle import child_pictures as picture_rules
from hwb.lifecycle import passphrases
from hwb.lifecycle import passwords as rules
from hwb.operations import badges, child_pictures, consolidation, passwords, roles, sessions
from hwb.operations.roles import NewPerson, Reach

_HERE = N_("Cwm High School")
_CHILDREN = N_("Heol Primary")
_MOVES = N_("Ysgol y Ddôl")
_TWO_SCHOOLS = N_("Maes School, Heol Primary")
_ELSEWHERE = (
    (N_("Client manager"), "client_manager", AUTHORITY, NewPerson("Gwenno Tudur", "gwenno@dyffryn-glas.example")),
    (N_("Local authority officer"), "area_officer", AUTHORITY, NewPerson("Emyr Wyn", "emyr@dyffryn-glas.example")),
    (N_("Support agent"), "agent", "", NewPerson("Non Prys", "non@hwb.example")),
    (N_("Platform operator"), "operator", "", NewPerson("Rhian Haf", "rhian@hwb.example")),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who can be signed in as, and with what. The people are invented, so their passwords may be printed."""

    role: Text
    place: Text
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChildSignIn:
    """A small child's badge and pictures, the teacher's class in which it can sign in too."""

    class_name: str
    code: str = field(repr=False)
    pictures: tuple[str, ...] = field(repr=False)


def prepare(stage: Stage) -> list[SignIn]:
    """At the school with the held run, the refused record and the most arrivals; in its authority; for the nation."""
    school = stage.school(CWM)
    office = [record for record in school.staff if not record.classes and record is not school.staff[0]]
    teacher = next(r for r in school.staff if r.role == "Teacher" and r.classes and r.classes[0].startswith("9"))
    learner = next(r for r in school.in_year("9") if teacher.classes[0] in r.classes)
    guest = next(r for r in stage.school(HEOL).learners if r.enrolment_status == "S")
    outside = [_from_outside(stage, role, Reach(code, area=area), person) for role, code, area, person in _ELSEWHERE]
    operator = _acting(outside[-1])
    head = _of_staff(stage, school.staff[0], N_("Headteacher"), "head", by=operator)
    champion = _of_staff(stage, office[0], N_("Digital Champion"), "champion", by=_acting(head))
    by = _acting(champion)
    made = [
        champion,
        _of_staff(stage, teacher, N_("Class teacher"), by=by),
        head,
        _of_staff(stage, office[1], N_("MIS administrator"), "mis_admin", by=by),
        *outside,
        _of_learner(stage, learner, N_("Learner in Year 9"), _HERE, by=by),
        _of_learner(
            stage, encore.mover(stage), N_("Learner who moves to Heol Primary"), _MOVES, by=CHAMPION, school=DDOL
        ),
        _of_learner(stage, guest, N_("Learner at two schools"), _TWO_SCHOOLS, by=CHAMPION, school=MAES),
        _of_staff(stage, office[2], N_("Staff member"), by=by),
        _of_staff(stage, _office_of_heol(stage), N_("Digital Champion"), "champion", by=operator, school=HEOL),
    ]
    for one in made:
        must(passwords.authenticate(name=one.username, password=one.password) is not None, "R10", one.username)
    return made


def _office_of_heol(stage: Stage) -> StaffRecord:
    school = stage.school(HEOL)
    return next(record for record in school.staff[1:] if not record.classes)


def prepare_child(stage: Stage) -> tuple[SignIn, ChildSignIn]:
    """A class of Year 1 at a primary with everybody's pictures, a child's badge, and the teacher."""
    school = stage.school(HEOL)
    teacher = next(r for r in school.staff if r.role == "Teacher" and r.classes and r.classes[0].startswith("1"))
    group = [r for r in school.in_year("1") if teacher.classes[0] in (r.registration_group, *r.classes)]
    accounts = [UUID(stage.account(record.upn).id) for record in group]
    child_pictures.make_missing(accounts=accounts, school=HEOL, acting_user=CHAMPION, now=stage.now)
    first = accounts[:1]
    codes = badges.codes(accounts=first, school=HEOL, acting_user=CHAMPION, now=stage.now)
    pictures = child_pictures.show(accounts=first, school=HEOL, acting_user=CHAMPION, now=stage.now)
    must(len(codes) == len(pictures) == 1, "A2", teacher.classes[0])
    found = badges.identify(codes[first[0]], now=stage.now)
    must(found is not None and found.account == first[0], "A2", teacher.classes[0])
    child = ChildSignIn(teacher.classes[0], badge_rules.written(codes[first[0]]), pictures[first[0]])
    return _of_staff(stage, teacher, N_("Class teacher"), by=CHAMPION, school=HEOL), child


def tell_child(stage: Stage, child: ChildSignIn) -> None:
    """How to try a small child's sign-in."""
    language = stage.tell.language
    words = [render(Text(picture_rules.WORDS[one]), language=language, domain="lifecycle") for one in child.pictures]
    text = N_("A child in class {class_name} signs in with the badge {code} and the pictures {pictures}.")
    values = {"class_name": child.class_name, "code": child.code, "pictures": ", ".join(words)}
    stage.tell.line(Text(text, values), indent=0)


def tell(stage: Stage, made: Sequence[SignIn]) -> None:
    """A table: role, where, username, password; and what the first sign-in of most of them asks."""
    stage.tell.line(Text(N_("Sign-ins for trying out, one for each role:")), indent=0)
    headings = (N_("Role"), N_("Where"), N_("Username"), N_("Password"))
    stage.tell.table(
        tuple(stage.tell.words(Text(heading)) for heading in headings),
        [(stage.tell.words(one.role), stage.tell.words(one.place), one.username, one.password) for one in made],
    )
    stage.tell.say(
        N_("Roles that see other people set up a second step at their first sign-in: any app for codes, or a passkey.")
    )


def _acting(one: SignIn) -> str:
    """As the log names whoever is signed in so."""
    (account,) = find(username=one.username)
    return f"account {account.id}"


def _of_staff(stage: Stage, record: StaffRecord, name: str, role: str = "", *, by: str, school: str = CWM) -> SignIn:
    """Somebody whom the MIS has: the school makes a password, and they choose their own at once, as they must.

    by: who gives the role and makes the password, as the log names them.
    """
    (account,) = [row for row in stage.staff(stage.school(school), record.staff_code) if row.state == "active"]
    if role:
        roles.grant(
            Reach(role, school), username=account.username, acting_user=by, now=stage.now, on=stage.today
        )  # fmt: skip
    made = _made(stage, account, by, school)
    own = _phrase(stage, account.username, record.legal_surname, record.legal_forename)
    passwords.choose(account=made.account, old=made.password, new=own, now=stage.now)
    # they have been here for years: nobody asks them whether they worked at another school
    consolidation.answer(account=made.account, answer="new", now=stage.now)
    return SignIn(Text(name), Text(_HERE if school == CWM else _CHILDREN), account.username, own)


def _of_learner(stage: Stage, record: LearnerRecord, name: str, place: str, *, by: str, school: str = CWM) -> SignIn:
    """A learner keeps the first password that the school made: its state is "can be shown"."""
    made = _made(stage, stage.account(record.upn), by, school)
    return SignIn(Text(name), Text(place), made.username, made.password)


def _made(stage: Stage, account: AccountRow, by: str, school: str = CWM) -> passwords.NewPassword:
    return passwords.reset(account=UUID(account.id), school=school, acting_user=by, now=stage.now)


def _from_outside(stage: Stage, name: str, reach: Reach, person: NewPerson) -> SignIn:
    """Somebody on no roll: a role, and the link by which they choose their first password."""
    at = datetime.now(UTC)
    given = roles.grant_new(reach, person=person, acting_user=OPERATOR, now=stage.now, on=stage.today, at=at)
    own = _phrase(stage, given.username, *person.name.split())
    used = sessions.use_link(token=given.link_token, password=own, now=stage.now, at=at)
    must(used == given.account, "R42", given.username)
    return SignIn(Text(name), Text(N_("Dyffryn Glas Council") if reach.area else N_("Wales")), given.username, own)


def _phrase(stage: Stage, *names: str) -> str:
    """Three words, as people are advised to choose, and none of them the person's own name."""
    phrase = passphrases.make(stage.tell.language, choose=secrets.choice)
    while rules.weakness(phrase, names=names, common=()) is not None:
        phrase = passphrases.make(stage.tell.language, choose=secrets.choice)
    return phrase
