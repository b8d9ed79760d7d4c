"""Who may do what: the permission table of ux.md section 2, once, in code.

`TABLE` gives each role's reach for each action; no entry means no. `decide` answers for one person and one school.
Pages never ask for a role: they state their action (:func:`hwb.web.page.page`) and get an `Access`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Role(StrEnum):
    """What somebody is, for one school, an area or the nation."""

    LEARNER = "learner"
    STAFF = "staff"
    TEACHER = "teacher"
    MIS_ADMIN = "mis_admin"
    CHAMPION = "champion"
    HEAD = "head"
    CLIENT_MANAGER = "client_manager"
    AREA_OFFICER = "area_officer"
    AGENT = "agent"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """How far a role reaches with an action."""

    SELF = "self"
    OWN_CLASSES = "own classes"
    SCHOOL = "school"
    AREA = "area"
    NATION = "nation"
    #: Within a support case that the agent has taken: the `<int:case>` of the address. Elsewhere it reaches nobody.
    CASE = "case"
    #: Numbers without names.
    COUNTS = "counts"
    #: Codes and record numbers without names.
    CODES = "codes"


class Action(StrEnum):
    """What a page shows or does. The route tests fail on a page that states none."""

    OPEN = "open"  # anybody, signed in or not
    OWN_ACCOUNT = "own account"
    SEE_SCHOOL = "see school"
    SEE_LEARNERS = "see learners"
    FIND_LEARNER = "find learner"
    SEE_STAFF = "see staff"
    SEE_REFUSALS = "see refusals"
    SEE_ARRIVALS = "see arrivals"
    SEE_OWN_CLASSES = "see own classes"
    RESET_PASSWORD = "reset password"  # noqa: S105 - names of actions, not passwords
    RESET_STAFF_PASSWORD = "reset staff password"  # noqa: S105
    SHOW_PASSWORD = "show password"  # noqa: S105
    START_CLASS_SIGN_IN = "start class sign-in"
    SWITCH_ACCESS = "switch access"
    ISSUE_USERNAME = "issue username"
    SEE_RUNS = "see runs"
    ASK_FOR_RUN = "ask for run"
    CONFIRM_RUN = "confirm run"
    WITHDRAW_RUN = "withdraw run"
    UNDO_RUN = "undo run"
    REGISTER_CLIENT = "register client"
    SEE_AREA = "see area"
    SEE_CLIENTS = "see clients"
    ASK_OF_SCHOOL = "ask of school"
    SEE_PEOPLE_WITH_ACCESS = "see people with access"
    APPOINT = "appoint"
    CONFIRM_HEAD = "confirm head"
    SEE_SETTINGS = "see settings"
    CHANGE_SETTINGS = "change settings"
    SEE_ACTIVITY = "see activity"
    SEE_DECISIONS = "see decisions"
    AUTHORISE_MOVE = "authorise move"
    SEE_DECISIONS_OF_AREA = "see decisions of area"
    AUTHORISE_MOVE_FOR_SCHOOL = "authorise move for school"
    INVITE_TO_MOVE = "invite to move"
    SEE_REQUESTS = "see requests"
    SEE_CASES = "see cases"
    ASK_FOR_WORK = "ask for earlier work"
    GRANT_WORK = "grant earlier work"
    SEARCH_DESK = "search desk"
    SEE_RECORD = "see record"
    ANSWER_CASE = "answer case"
    SUSPEND = "suspend"
    SEE_SCHOOL_RECORD = "see school record"
    EDIT_ANSWERS = "edit answers"
    CONSOLIDATE = "consolidate"
    CHANGE_NATION = "change nation"
    SEARCH_AUDIT = "search audit"
    RESET_SECOND_STEP = "reset second step"


_R, _S, _A = Role, Scope, Action
_EVERYBODY = MappingProxyType(dict.fromkeys(Role, Scope.SELF))


def _row(**reach: Scope) -> Mapping[Role, Scope]:
    return MappingProxyType({Role(name): scope for name, scope in reach.items()})


#: Action → role → reach. In the order of ux.md section 2, then what its screens and issue 5 add.
TABLE: Mapping[Action, Mapping[Role, Scope]] = MappingProxyType({
    _A.OPEN: MappingProxyType({}),
    _A.OWN_ACCOUNT: _EVERYBODY,
    _A.SEE_LEARNERS: _row(
        teacher=_S.OWN_CLASSES, mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL,
        client_manager=_S.COUNTS, area_officer=_S.COUNTS, agent=_S.CASE, operator=_S.CASE,
    ),
    _A.SEE_REFUSALS: _row(
        mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL, client_manager=_S.CODES, area_officer=_S.COUNTS,
        agent=_S.NATION, operator=_S.NATION,
    ),
    _A.RESET_PASSWORD: _row(teacher=_S.OWN_CLASSES, champion=_S.SCHOOL, agent=_S.CASE),
    _A.SHOW_PASSWORD: _row(teacher=_S.OWN_CLASSES, champion=_S.SCHOOL),
    _A.START_CLASS_SIGN_IN: _row(teacher=_S.OWN_CLASSES, champion=_S.SCHOOL),
    _A.SWITCH_ACCESS: _row(champion=_S.SCHOOL, agent=_S.CASE),
    _A.SEE_RUNS: _row(
        mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL, client_manager=_S.AREA, area_officer=_S.AREA,
        agent=_S.NATION, operator=_S.NATION,
    ),
    _A.ASK_FOR_RUN: _row(
        mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL, client_manager=_S.AREA, operator=_S.NATION,
    ),
    _A.CONFIRM_RUN: _row(champion=_S.SCHOOL, head=_S.SCHOOL, agent=_S.CASE, operator=_S.NATION),
    _A.WITHDRAW_RUN: _row(champion=_S.SCHOOL, head=_S.SCHOOL, client_manager=_S.AREA, operator=_S.NATION),
    _A.UNDO_RUN: _row(champion=_S.SCHOOL, operator=_S.NATION),
    _A.REGISTER_CLIENT: _row(
        champion=_S.SCHOOL, head=_S.SCHOOL, client_manager=_S.AREA, area_officer=_S.AREA, agent=_S.CASE,
        operator=_S.NATION,
    ),
    _A.APPOINT: _row(champion=_S.SCHOOL, head=_S.SCHOOL, agent=_S.CASE),
    # The school's data proposes a head by the post; whoever is head now, the authority or an operator confirms it.
    _A.CONFIRM_HEAD: _row(head=_S.SCHOOL, area_officer=_S.AREA, operator=_S.NATION),
    _A.AUTHORISE_MOVE: _row(head=_S.SCHOOL),
    _A.CONSOLIDATE: _row(agent=_S.CASE),
    _A.SEE_DECISIONS: _row(head=_S.SCHOOL),
    # Where the post is vacant, the head is the one who moves, or the school has closed (ux.md 6.4).
    _A.SEE_DECISIONS_OF_AREA: _row(area_officer=_S.AREA),
    _A.AUTHORISE_MOVE_FOR_SCHOOL: _row(area_officer=_S.AREA),
    _A.INVITE_TO_MOVE: _row(champion=_S.SCHOOL),
    # Whose cases there are; what stands in one is for the agent who has taken it.
    _A.SEE_CASES: _row(agent=_S.NATION),
    # R41: the learner's present school asks; support decides, the agent who has taken the request.
    _A.ASK_FOR_WORK: _row(champion=_S.SCHOOL),
    _A.GRANT_WORK: _row(agent=_S.NATION),
    # A teacher sees their own requests alone.
    _A.SEE_REQUESTS: _row(teacher=_S.OWN_CLASSES, mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL),
    # Exact words lead to initials and a school; names stand in a case.
    _A.SEARCH_DESK: _row(agent=_S.NATION),
    _A.SEE_RECORD: _row(agent=_S.CASE),
    _A.ANSWER_CASE: _row(agent=_S.CASE),
    _A.SUSPEND: _row(agent=_S.CASE),
    _A.SEE_SCHOOL_RECORD: _row(agent=_S.NATION),
    # One person writes, another one approves.
    _A.EDIT_ANSWERS: _row(agent=_S.NATION),
    _A.CHANGE_NATION: _row(operator=_S.NATION),
    _A.SEARCH_AUDIT: _row(operator=_S.NATION, auditor=_S.NATION),
    _A.SEE_SCHOOL: _row(mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL),
    _A.FIND_LEARNER: _row(mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL, agent=_S.CASE),
    _A.SEE_STAFF: _row(mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL, agent=_S.CASE),
    _A.SEE_ARRIVALS: _row(mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL),
    _A.SEE_OWN_CLASSES: _row(teacher=_S.OWN_CLASSES),
    _A.RESET_STAFF_PASSWORD: _row(champion=_S.SCHOOL, agent=_S.CASE),
    _A.ISSUE_USERNAME: _row(champion=_S.SCHOOL),
    _A.SEE_AREA: _row(client_manager=_S.AREA, area_officer=_S.AREA, operator=_S.NATION),
    _A.ASK_OF_SCHOOL: _row(client_manager=_S.AREA, area_officer=_S.AREA, operator=_S.NATION),
    _A.SEE_CLIENTS: _row(client_manager=_S.AREA, area_officer=_S.AREA),
    _A.SEE_PEOPLE_WITH_ACCESS: _row(champion=_S.SCHOOL, head=_S.SCHOOL, agent=_S.CASE),
    _A.SEE_SETTINGS: _row(mis_admin=_S.SCHOOL, champion=_S.SCHOOL, head=_S.SCHOOL),
    _A.CHANGE_SETTINGS: _row(champion=_S.SCHOOL),
    _A.SEE_ACTIVITY: _row(champion=_S.SCHOOL, head=_S.SCHOOL, auditor=_S.NATION),
    # Whose, and whether alone, is decided by lifecycle.second_step.help_for.
    _A.RESET_SECOND_STEP: _row(
        champion=_S.SCHOOL, head=_S.SCHOOL, area_officer=_S.AREA, agent=_S.NATION, operator=_S.NATION,
    ),
})  # fmt: skip

#: Acts that ask for the password again when the last one is older than 15 minutes (ux.md 2, issue 5 point 5).
FRESH = frozenset({
    _A.SHOW_PASSWORD, _A.CONFIRM_RUN, _A.UNDO_RUN, _A.AUTHORISE_MOVE, _A.AUTHORISE_MOVE_FOR_SCHOOL, _A.CONSOLIDATE,
    _A.APPOINT, _A.CONFIRM_HEAD, _A.RESET_SECOND_STEP,
})  # fmt: skip

#: Roles that see other people's data: signing in takes a second step (A7).
WITH_SECOND_STEP = frozenset(Role) - {_R.LEARNER, _R.STAFF}

#: Reaches that let a page show people. A page made for numbers or codes says so, and gets those too.
WITH_NAMES = frozenset({_S.SELF, _S.OWN_CLASSES, _S.SCHOOL, _S.AREA, _S.NATION})
#: From the widest to the narrowest.
_WIDEST = (_S.NATION, _S.AREA, _S.SCHOOL, _S.CASE, _S.OWN_CLASSES, _S.SELF, _S.CODES, _S.COUNTS)
SCHOOL_ROLES = frozenset({_R.TEACHER, _R.MIS_ADMIN, _R.CHAMPION, _R.HEAD})
AREA_ROLES = frozenset({_R.CLIENT_MANAGER, _R.AREA_OFFICER})
NATION_ROLES = frozenset({_R.AGENT, _R.OPERATOR, _R.AUDITOR})
#: Which of several roles at one school a page's navigation follows.
RANK = (
    _R.CHAMPION, _R.HEAD, _R.MIS_ADMIN, _R.TEACHER, _R.CLIENT_MANAGER, _R.AREA_OFFICER, _R.OPERATOR, _R.AGENT,
    _R.AUDITOR, _R.STAFF, _R.LEARNER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """One role with what it covers: a school, an area (three digits), or with neither the nation.

    classes: a teacher's own classes. name_en and name_cy: of the school or the area.
    """

    role: Role
    school: str = ""
    area: str = ""
    classes: frozenset[str] = frozenset()
    name_en: str = ""
    name_cy: str = ""

    def covers(self, school: str) -> bool:
        """Whether it reaches this school."""
        if self.role in NATION_ROLES:
            return True
        return self.school == school if self.school else bool(self.area) and school.startswith(self.area)

    def within(self, area: str) -> bool:
        """Whether it reaches this whole area."""
        return self.role in NATION_ROLES or (bool(self.area) and self.area == area)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in. kind: learner, staff or official; grants: the roles that stand today."""

    account: UUID
    kind: str
    name: str
    username: str
    grants: tuple[Grant, ...]

    def roles_at(self, school: str) -> tuple[Role, ...]:
        """Roles that reach a school, the leading one first."""
        held = {grant.role for grant in self.grants if grant.covers(school)}
        return tuple(role for role in RANK if role in held)


@dataclass(frozen=True, slots=True)
class Access:
    """What the policy allows one person here.

    school: the DfES number in the address, or empty. classes: None for everybody at the school, else the own classes
    to which a teacher is held. schools and areas: what the role covers, for pages that have no school in the address.
    """

    action: Action
    role: Role
    scope: Scope
    school: str = ""
    classes: frozenset[str] | None = None
    schools: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


def decide(
    person: Person, action: Action, *, school: str = "", counts: bool = False, codes: bool = False,
    in_case: bool = False,
) -> Access | None:  # fmt: skip
    """The widest access that the person has for the action, at the school when the address has one; else None.

    in_case: the address names a support case that the person has taken.
    """
    row = TABLE[action]
    if action is Action.OWN_ACCOUNT:
        return Access(action, Role(person.kind) if person.kind in ("learner", "staff") else Role.STAFF, Scope.SELF)
    accepted = WITH_NAMES | ({Scope.COUNTS} if counts else set()) | ({Scope.CODES} if codes else set())
    accepted |= {Scope.CASE} if in_case else set()
    held = [
        (row[grant.role], grant)
        for grant in person.grants
        if grant.role in row and row[grant.role] in accepted and (not school or grant.covers(school))
    ]
    if not held:
        return None
    scope, role = min(((scope, grant.role) for scope, grant in held), key=_order)
    alike = [grant for reach, grant in held if reach is scope]
    return Access(
        action, role, scope, school,
        frozenset().union(*(grant.classes for grant in alike)) if scope is Scope.OWN_CLASSES else None,
        frozenset(grant.school for grant in alike if grant.school),
        frozenset(grant.area for grant in alike if grant.area),
    )  # fmt: skip


def may(person: Person, action: Action, *, school: str = "") -> bool:
    """Whether a page may offer the action to the person."""
    return decide(person, action, school=school) is not None


def able_at_school(action: Action) -> frozenset[Role]:
    """The roles of a school's own people that may do it there."""
    return frozenset(SCHOOL_ROLES & TABLE[action].keys())


def needs_second_step(person: Person) -> bool:
    """Whether a role that the person holds today is one that signs in with a second step."""
    return any(grant.role in WITH_SECOND_STEP for grant in person.grants)


def _order(held: tuple[Scope, Role]) -> tuple[int, int]:
    return _WIDEST.index(held[0]), RANK.index(held[1])
