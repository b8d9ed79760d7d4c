"""Consolidation in the database: what it moves, who may, what takes it back, what the log and `hwb verify` say (R25)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from tests.support import moving as people
from tests.support.deliveries import deliver, learner_row, staff_row
from tests.support.moving import HERE, NOW, SEPTEMBER, Moving, actor, fresh
from tests.support.people import PRIMARY, SECONDARY

from hwb.directory.models import (
    Account,
    Audit,
    Consolidation,
    Establishment,
    Message,
    Placement,
    RoleGrant,
    StaffRecord,
)
from hwb.directory.queries import accounts as account_rows
from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import explanations
from hwb.lifecycle import explain
from hwb.lifecycle import second_step as step_rules
from hwb.lifecycle.consolidation import State, Status
from hwb.lifecycle.consolidation_evidence import Item, Result
from hwb.operations import (
    accounts,
    consolidation,
    passwords,
    roles,
    runs,
    second_step,
    settings,
    undoing,
)
from hwb.operations import protection as protecting
from hwb.operations.consolidation import ConsolidationRefused, Wanted
from hwb.operations.messages import links
from hwb.operations.roles import Reach
from hwb.operations.verification import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def moving() -> Moving:
    return people.build()


def _sound(on: date | None = None) -> None:
    assert verify(on=on or NOW.date(), deep=True).breaches == ()


def _posts(account: Account) -> set[str]:
    return set(Placement.objects.filter(account=account, ended=None).values_list("school", flat=True))


def test_from_the_request_to_the_joined_account(moving: Moving) -> None:
    """R25: The earlier account takes the post, the newer one is retired, and its username leads to the earlier one."""
    number = moving.request()
    case = rows.read(number, on=NOW.date())
    assert case is not None
    assert case.status is Status.WAITING_HEAD
    moving.authorise(number)
    case = rows.read(number, on=NOW.date())
    assert case is not None
    assert {row.result for row in case.evidence} == {Result.AGREES}
    assert case.status is Status.READY
    moving.take(number)
    moving.join(number)
    kept, retired = fresh(moving.kept), fresh(moving.mover)
    assert (kept.active, _posts(kept), kept.reason_rule) == (True, {SECONDARY}, "R25")
    assert (retired.active, _posts(retired), retired.retired_into_id) == (False, set(), kept.id)
    assert not StaffRecord.objects.filter(account=retired).exists()
    named = list(account_rows.find(username=retired.username, language="en"))
    assert [row.id for row in named] == [str(kept.id)]
    assert retired.username in named[0].aliases
    _sound()


def test_the_retired_username_leads_to_the_kept_account_everywhere(moving: Moving) -> None:
    """R25: Explaining, resetting, switching off and giving a role by the newer username mean the earlier account."""
    moving.joined()
    person = explanations.person_of(username=moving.mover.username)
    assert person is not None
    assert (person["account"], person["current"], person["school"]) == (moving.kept.id, False, SECONDARY)
    limits = settings.explanation_limits()
    facts = explanations.staff(school=SECONDARY, username=moving.mover.username, on=NOW.date(), limits=limits)
    told = explain.staff(facts, on=NOW.date(), limits=limits)
    assert (told.code, moving.kept.username in explain.say(told.headline, "en")) == ("SX13", True)
    made = passwords.reset_named(username=moving.mover.username, acting_user="t", now=NOW)
    assert made.account == moving.kept.id
    given = roles.grant(
        Reach("mis_admin", SECONDARY), username=moving.mover.username, acting_user="t", now=NOW, on=SEPTEMBER
    )
    assert given.account == moving.kept.id
    off = accounts.deactivate(username=moving.mover.username, school=SECONDARY, reason="other", acting_user="t",
                              now=NOW, on=NOW.date())  # fmt: skip
    assert (off.username, off.state) == (moving.kept.username, "inactive")
    _sound()


def test_the_person_signs_in_with_either_username_and_the_newest_password(moving: Moving) -> None:
    """R25: The kept account takes over the newer one's password and second step; both usernames lead to it."""
    Account.objects.filter(id=moving.kept.id).update(password=make_password("hen-gyfrinair-hir"))
    Account.objects.filter(id=moving.mover.id).update(password=make_password("newydd-gyfrinair"))
    at = datetime.now(UTC)
    secret = second_step.new_app_secret()
    code = step_rules.code_at(secret, int(at.timestamp()) // 30)
    codes = second_step.add_app(account=moving.mover.id, secret=secret, code=code, now=NOW, at=at)
    number = moving.joined()
    for name in (moving.kept.username, moving.mover.username, moving.mover.email):
        assert passwords.authenticate(name=name, password="newydd-gyfrinair") == moving.kept.id
        assert passwords.authenticate(name=name, password="hen-gyfrinair-hir") is None
    later = at + timedelta(minutes=2)
    code = step_rules.code_at(secret, int(later.timestamp()) // 30)
    assert second_step.prove_code(account=moving.kept.id, typed=code, now=NOW, at=later)
    assert second_step.prove_code(account=moving.kept.id, typed=codes[0], now=NOW, at=later)
    _sound()
    moving.undo(number)
    assert passwords.authenticate(name=moving.mover.username, password="newydd-gyfrinair") == moving.mover.id
    assert passwords.authenticate(name=moving.kept.username, password="hen-gyfrinair-hir") is None  # inactive again
    assert passwords.identify(name=moving.kept.username, password="hen-gyfrinair-hir") is not None
    later += timedelta(minutes=2)
    code = step_rules.code_at(secret, int(later.timestamp()) // 30)
    assert second_step.prove_code(account=moving.mover.id, typed=code, now=NOW, at=later)
    assert second_step.prove_code(account=moving.mover.id, typed=codes[1], now=NOW, at=later)
    _sound(date(2018, 9, 5))


def test_a_first_password_goes_along_and_comes_back(moving: Moving) -> None:
    """R25, R10: A made password that nobody changed yet still opens the account, by either name, and after an undo."""
    made = passwords.reset(account=moving.mover.id, school=SECONDARY, acting_user="tests", now=NOW).password
    number = moving.joined()
    assert passwords.authenticate(name=moving.kept.username, password=made) == moving.kept.id
    moving.undo(number)
    assert passwords.authenticate(name=moving.mover.username, password=made) == moving.mover.id
    _sound(date(2018, 9, 5))


def test_later_runs_keep_the_consolidated_account(moving: Moving) -> None:
    """R25, R21: A later run of the new school leads to the kept account and wakes nobody else."""
    moving.joined()
    deliver(
        [learner_row(n) for n in range(11, 14)],
        [staff_row("NP", **{**HERE, "legal_surname": "Puw Rees"}), staff_row("CH", legal_surname="Champion")],
        school=SECONDARY, on=date(2018, 9, 10),
    )  # fmt: skip
    assert fresh(moving.kept).legal_surname == "Puw Rees"
    assert not fresh(moving.mover).active
    assert Account.objects.filter(kind="staff").count() == 4
    _sound(date(2018, 9, 10))


def test_undo_puts_both_back_after_a_run(moving: Moving) -> None:
    """R25: Undo within 14 days: both accounts as if never joined, runs of the meantime included."""
    before = fresh(moving.kept)
    number = moving.joined()
    deliver(
        [learner_row(n) for n in range(11, 14)],
        [staff_row("NP", **{**HERE, "legal_surname": "Puw Rees"}), staff_row("CH", legal_surname="Champion")],
        school=SECONDARY, on=date(2018, 9, 10),
    )  # fmt: skip
    moving.undo(number, days=7)
    kept, mover = fresh(moving.kept), fresh(moving.mover)
    for name in ("active", "legal_surname", "reason_code", "reason_values", "username", "email", "personal_digest"):
        assert getattr(kept, name) == getattr(before, name), name
    assert (_posts(kept), _posts(mover)) == (set(), {SECONDARY})
    assert (mover.active, mover.legal_surname, mover.retired_into_id) == (True, "Puw Rees", None)
    _sound(date(2018, 9, 11))


def test_undoing_the_run_that_made_the_new_account_wakes_nobody(moving: Moving) -> None:
    """R25: The newer account is retired for good, also when the run that brought it is undone."""
    moving.joined()
    with connection.cursor() as cursor:
        newest = runs.newest_of(cursor, SECONDARY)
    assert newest is not None
    undoing.undo(run_id=newest.id, acting_user="tests", now=NOW, on=NOW.date())
    assert not fresh(moving.mover).active
    assert not fresh(moving.kept).active
    _sound()


def test_roles_go_along(moving: Moving) -> None:
    """R25: Roles at the new school are those of the person, before, during and after."""
    roles.grant(
        Reach("mis_admin", SECONDARY), username=moving.mover.username, acting_user="tests", now=NOW, on=SEPTEMBER
    )
    number = moving.joined()
    held = RoleGrant.objects.filter(school=SECONDARY, role="mis_admin", ended_at=None)
    assert [grant.account_id for grant in held] == [moving.kept.id]
    moving.undo(number)
    assert [grant.account_id for grant in held.all()] == [moving.mover.id]


def test_a_protected_person_stays_protected(moving: Moving) -> None:
    """R25: Whoever is protected is so under the kept account too."""
    protecting.protect(username=moving.mover.username, reason="court order", acting_user="tests", now=NOW)
    moving.joined()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM protection WHERE account = %s AND ended_at IS NULL", [moving.kept.id])
        assert cursor.fetchone()[0] == 1


# -- who may -----------------------------------------------------------------------------------------------


def _refused(code: str) -> pytest.RaisesContext[ConsolidationRefused]:
    return pytest.raises(ConsolidationRefused, match=f"^{code}$")


def _recorded() -> list[str]:
    return [row.details for row in Audit.objects.filter(action="case refused").order_by("id")]


def test_an_agent_without_the_case_joins_nothing(moving: Moving) -> None:
    """Issue 7: An agent who has not taken the case is refused, and that is recorded."""
    number = moving.request()
    moving.authorise(number)
    with _refused("not_taken"):
        moving.join(number)
    assert "not_taken" in _recorded()[-1]
    assert not fresh(moving.kept).active


def test_nobody_joins_their_own_accounts(moving: Moving) -> None:
    """Issue 7: An agent on their own record is refused, and that is recorded."""
    roles.grant(Reach("agent"), username=moving.mover.username, acting_user="tests", now=NOW, on=SEPTEMBER)
    number = moving.request()
    moving.authorise(number)
    with _refused("oneself"):
        moving.take(number, moving.mover)
    assert "oneself" in _recorded()[-1]


def test_only_the_previous_headteacher_authorises(moving: Moving) -> None:
    """R25: The headteacher of another school, a Champion, an officer and the mover are refused, and that is recorded."""
    roles.grant(Reach("head", SECONDARY), username=moving.champion.username, acting_user="tests", now=NOW, on=SEPTEMBER)
    number = moving.request()
    for other in (moving.champion, moving.officer, moving.agent):
        with _refused("not_you"):
            moving.authorise(number, other)
    with _refused("oneself"):
        moving.authorise(number, moving.mover)
    assert len(_recorded()) == 4
    assert Consolidation.objects.get(number=number).state == "asked"


def test_the_authority_decides_when_the_post_is_vacant(moving: Moving) -> None:
    """R25: When nobody has the headteacher's role the local authority decides, and is asked to."""
    roles.revoke(Reach("head", PRIMARY), username=moving.head.username, acting_user="tests", now=NOW, on=SEPTEMBER)
    number = moving.request()
    assert Message.objects.filter(kind="M12", to_account=moving.officer.id).count() == 1
    moving.authorise(number, moving.officer)
    assert Consolidation.objects.get(number=number).state == "complete"


def test_a_and_b_in_the_other_order(moving: Moving) -> None:
    """R25: The headteacher may begin; the staff member's request completes that very case."""
    wanted = Wanted(PRIMARY, moving.kept.username, SECONDARY)
    number = consolidation.open_by_head(wanted=wanted, acting_user=actor(moving.head), now=NOW)
    moving.authorise(number)
    assert Consolidation.objects.get(number=number).state == "authorised"
    assert moving.request() == number
    assert Consolidation.objects.get(number=number).state == "complete"


def test_a_school_invites_and_the_headteacher_began_too(moving: Moving) -> None:
    """B14, R25: The school's case and the headteacher's become one when the staff member asks."""
    wanted = Wanted(PRIMARY, moving.kept.username, SECONDARY)
    invited = consolidation.open_for(
        account=moving.mover.id, wanted=wanted, acting_user=actor(moving.champion), now=NOW
    )
    begun = consolidation.open_by_head(wanted=wanted, acting_user=actor(moving.head), now=NOW)
    moving.authorise(begun)
    assert moving.request() == invited
    assert Consolidation.objects.get(number=invited).state == "complete"
    assert Consolidation.objects.get(number=begun).state == "withdrawn"
    assert Message.objects.filter(kind="M13", to_account=moving.mover.id, details__what="invited").exists()


def test_another_previous_username_needs_another_authorisation(moving: Moving) -> None:
    """R25: Whoever changes which account they ask for has no authorisation for it."""
    number = moving.request()
    moving.authorise(number)
    consolidation.ask(
        account=moving.mover.id, wanted=Wanted(PRIMARY, moving.head.username, SECONDARY), acting_user="x", now=NOW,
        request=consolidation.Request(f"School {SECONDARY}", SECONDARY, moving.mover.username, "NP", "E77", True),
    )  # fmt: skip
    assert Consolidation.objects.get(number=number).state == "asked"


def test_an_email_counts_when_the_registered_address_opened_its_link(moving: Moving) -> None:
    """R25: Recorded by an agent it counts after the link, once; then a second agent joins."""
    number = moving.request()
    moving.take(number)
    agent = {"acting_account": moving.agent.id, "acting_user": actor(moving.agent), "now": NOW}
    consolidation.record_email(number=number, word=moving.word(), **agent)
    case = rows.read(number, on=NOW.date())
    assert case is not None
    assert (case.status, case.second_agent) == (Status.WAITING_PROOF, True)
    with _refused("no_proof"):
        moving.join(number)
    consolidation.send_link(number=number, **agent)
    message = Message.objects.get(kind="M12", details__what="link")
    assert (message.address, message.to_account) == ("head@primary.example.wales", None)
    link = UUID(message.details["link"])
    for wrong in (uuid4(), link):
        with _refused("link_used"):
            consolidation.open_link(link=wrong, token=links.token_of(str(uuid4())), now=NOW)
    assert "link_used" in _recorded()[-1]
    token = links.token_of(str(link))
    consolidation.open_link(link=link, token=token, now=NOW)
    with _refused("link_used"):
        consolidation.open_link(link=link, token=token, now=NOW)
    with _refused("second_agent"):
        moving.join(number)
    consolidation.send_on(number=number, **agent)
    with _refused("same_agent"):
        moving.join(number)
    moving.take(number, moving.second)
    moving.join(number, moving.second)
    assert fresh(moving.kept).active
    _sound()


def test_an_email_counts_when_a_second_agent_telephoned(moving: Moving) -> None:
    """R25: The one who recorded an e-mail cannot prove it; another agent who rang the registered number can."""
    number = moving.request()
    moving.take(number)
    consolidation.record_email(
        number=number, word=moving.word(), acting_account=moving.agent.id, acting_user=actor(moving.agent), now=NOW
    )
    with _refused("same_recorder"):
        consolidation.telephoned(
            number=number, acting_account=moving.agent.id, acting_user=actor(moving.agent), now=NOW
        )
    consolidation.telephoned(number=number, acting_account=moving.second.id, acting_user=actor(moving.second), now=NOW)
    case = rows.read(number, on=NOW.date())
    assert case is not None
    assert case.status is Status.READY


def test_no_link_without_a_registered_address(moving: Moving) -> None:
    """R25: A link goes to the registered address only; without one there is none."""
    Establishment.objects.filter(dfes=PRIMARY).update(registered_email="")
    number = moving.request()
    moving.take(number)
    agent = {"acting_account": moving.agent.id, "acting_user": actor(moving.agent), "now": NOW}
    consolidation.record_email(number=number, word=moving.word(), **agent)
    with _refused("no_address"):
        consolidation.send_link(number=number, **agent)


def test_different_surnames_need_a_second_agent(moving: Moving) -> None:
    """R25, 6.5: Surnames that differ are looked at by two."""
    deliver(
        [learner_row(n) for n in range(11, 14)],
        [staff_row("NP", **{**HERE, "legal_surname": "Jones"}), staff_row("CH", legal_surname="Champion")],
        school=SECONDARY, on=NOW.date(),
    )  # fmt: skip
    number = moving.request()
    moving.authorise(number)
    moving.take(number)
    with _refused("second_agent"):
        moving.join(number)


def test_what_differs_stops_the_joining(moving: Moving) -> None:
    """R25: Support decides after every field agrees; an employee number may be recorded by the agent."""
    number = moving.request(employee_number="E78")
    moving.authorise(number)
    moving.take(number)
    with _refused("not_ready"):
        moving.join(number)
    agent = {"acting_account": moving.agent.id, "acting_user": actor(moving.agent), "now": NOW}
    with _refused("item"):
        consolidation.record_item(number=number, item=Item.NEW_USERNAME, **agent)
    consolidation.record_item(number=number, item=Item.EMPLOYEE_NUMBER, **agent)
    moving.join(number)
    assert fresh(moving.kept).active


def test_nothing_before_the_leaving_date(moving: Moving) -> None:
    """R25: The previous account must be released: a person still at the previous school keeps two accounts."""
    deliver(
        [learner_row(n) for n in range(1, 4)],
        [staff_row("NP", **people.BEFORE), staff_row("HE", legal_surname="Head", role="Headteacher")],
        school=PRIMARY, on=NOW.date(),
    )  # fmt: skip
    number = moving.request()
    moving.authorise(number, leaving_date=date(2018, 9, 30))
    moving.take(number)
    case = rows.read(number, on=NOW.date())
    assert case is not None
    assert case.status is Status.WAITING_LEAVING_DATE
    with _refused("not_ready"):
        moving.join(number)


def test_undo_has_14_days_and_stops_for_a_suspension(moving: Moving) -> None:
    """R25: 14 days, and nobody gets round a suspension by an undo."""
    number = moving.joined()
    with _refused("too_late"):
        moving.undo(number, days=15)
    accounts.suspend(username=moving.kept.username, school=SECONDARY, reason="misuse", acting_user="t", now=NOW,
                     on=NOW.date())  # fmt: skip
    with _refused("suspended"):
        moving.undo(number)


def test_a_switched_off_account_is_so_after_the_undo(moving: Moving) -> None:
    """R25, R31: The new school's switching off in the meantime is about the person, under whichever account."""
    number = moving.joined()
    later = NOW + timedelta(hours=1)
    accounts.deactivate(username=moving.mover.username, school=SECONDARY, reason="other", acting_user="t", now=later,
                        on=NOW.date())  # fmt: skip
    assert not fresh(moving.kept).active
    moving.undo(number)
    assert not fresh(moving.mover).active
    assert not fresh(moving.kept).active
    _sound(date(2018, 9, 5))


def test_a_case_expires(moving: Moving) -> None:
    """M12: Those who decide are reminded on days 3, 7 and 14, and after 28 days the request is over."""
    number = moving.request()
    asked = Message.objects.filter(kind="M12", to_account=moving.head.id)
    assert asked.count() == 1
    for day, told in ((3, 2), (5, 2), (7, 3), (14, 4)):
        consolidation.expire(now=NOW + timedelta(days=day))
        assert asked.count() == told
    assert consolidation.expire(now=NOW + timedelta(days=28)) == 1
    assert Consolidation.objects.get(number=number).state == State.EXPIRED
    assert Message.objects.filter(kind="M13", details__what="expired").count() == 1


def test_the_database_keeps_two_approvals_and_the_retired_asleep(moving: Moving) -> None:
    """I12: Written by hand, a join without approvals and a waking retired account are impossible."""
    number = moving.joined()
    for statement in (
        "UPDATE consolidation SET authorised_at = NULL WHERE number = %s",
        "UPDATE account SET active = true WHERE id = (SELECT retiring FROM consolidation WHERE number = %s)",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [number])
    Consolidation.objects.filter(number=number).update(joined_by=Consolidation.objects.get().authorised_by)
    assert [breach.invariant for breach in verify(on=NOW.date()).breaches] == ["I12"]


def test_messages_and_the_log_name_nobody(moving: Moving) -> None:
    """R42, ux.md 10: No name, no username in a message or in clear in the log."""
    moving.undo(moving.joined())
    for text in (
        *(str(message.details) for message in Message.objects.all()),
        *(row.details for row in Audit.objects.filter(action__startswith="consolidation")),
    ):
        assert "Puw" not in text
        assert moving.kept.username not in text
    told = Message.objects.filter(kind="M13", details__what__in=["joined", "undone"])
    assert {m.to_account for m in told} == {moving.kept.id, moving.mover.id, moving.head.id}
