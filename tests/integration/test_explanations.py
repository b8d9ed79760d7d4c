"""Each explanation from prepared data, in both languages; what is asked of the database; protection and look-ups."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db import transaction as db_transaction
from django.test.utils import CaptureQueriesContext
from syrupy.assertion import SnapshotAssertion
from tests.support.deliveries import JULY, extract_of, learner_row, send
from tests.support.explanations import (
    DAY,
    SITUATIONS,
    Asked,
    arriving,
    at_primary,
    at_secondary,
    name,
    staff_name,
    start,
)
from tests.support.people import OTHER, PRIMARY, SECONDARY, upn

from hwb.directory.models import Audit, Client, Protection, Run
from hwb.directory.queries import explanations
from hwb.lifecycle import explain
from hwb.lifecycle.explain_facts import LearnerFacts
from hwb.lifecycle.explain_texts import WORDINGS
from hwb.operations import accounts, clients, lookups, protection, provisioning, settings, verification

NOW = datetime(2018, 7, 2, 15, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def july() -> None:
    start()


def shown(found: explain.Explanation, language: Any) -> dict[str, Any]:
    return {
        "headline": explain.say(found.headline, language),
        "owner": explain.owner_name(found.owner, language),
        "next step": explain.say(found.next_step, language),
        "when": explain.say(found.when, language) if found.when else "",
        "chain": [
            f"{explain.say(link.question, language)} {explain.state_name(link.state, language)} {link.day or ''}".strip()
            for link in found.chain
        ],
    }


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_code_is_answered_from_its_data(situation: str, snapshot: SnapshotAssertion) -> None:
    """The code, and headline, owner, next step, time and chain in English and Welsh."""
    found = SITUATIONS[situation]().answer()
    assert found.code == situation[:4]
    assert {language: shown(found, language) for language in ("en", "cy")} == snapshot


def test_every_code_has_its_data() -> None:
    """LX01–LX27, SX01–SX13, each with a situation, and no wording without a code."""
    codes = {f"LX{n:02}" for n in range(1, 28)} | {f"SX{n:02}" for n in range(1, 14)}
    assert {name[:4] for name in SITUATIONS} == codes
    assert {key[:4] for key in WORDINGS} == codes


def asked(count: int = 1) -> list[str]:
    return [upn(n) for n in range(1, count + 1)]


def queries_of(upns: list[str], school: str, on: date) -> tuple[int, dict[str, LearnerFacts]]:
    limits = settings.explanation_limits()
    with CaptureQueriesContext(connection) as seen:
        found = explanations.learners(upns=upns, school=school, on=on, limits=limits)
    return len(seen), found


def test_one_person_takes_five_statements_at_most() -> None:
    """Whatever the situation, and the same number for 300 UPNs at once."""
    for situation in ("LX01", "LX06", "LX09", "LX23 former UPN"):
        transaction = Savepoint()
        made = SITUATIONS[situation]()
        one, _ = queries_of([made.upn], made.school, made.on)
        many, found = queries_of([made.upn, *asked(299)], made.school, made.on)
        assert one <= 5, situation
        assert many <= 6, situation
        assert found[made.upn].upn == made.upn
        transaction.undo()


class Savepoint:
    """What was made since can be taken back, so that one test can look at several situations."""

    def __init__(self) -> None:
        self.id = db_transaction.savepoint()

    def undo(self) -> None:
        db_transaction.savepoint_rollback(self.id)


def test_a_batch_says_what_one_by_one_says() -> None:
    """B12: each of many UPNs has the answer that it has alone."""
    at_secondary([arriving(n, on=JULY + DAY) for n in (1, 4)], on=JULY + DAY)
    at_primary([learner_row(2, leaving_date=JULY)], on=JULY + DAY)
    limits, on, upns = settings.explanation_limits(), JULY + DAY, [*asked(6), upn(99)]
    for school in (PRIMARY, SECONDARY):
        for number, facts in queries_of(upns, school, on)[1].items():
            alone = explanations.learner(upn=number, school=school, on=on, limits=limits)
            assert explain.learner(facts, on=on, limits=limits) == explain.learner(alone, on=on, limits=limits)
    with pytest.raises(ValueError, match="300"):
        explanations.learners(upns=[upn(n) for n in range(301)], school=PRIMARY, on=on, limits=limits)


def test_a_school_that_has_a_learner_never_hears_who_waits() -> None:
    """R5, ux.md 2: nor does a school that let one go hear where they went."""
    for made in ("LX04", "LX10 at the holder", "LX22"):
        save = Savepoint()
        SITUATIONS[made]()
        for school in (PRIMARY, OTHER):
            found = Asked(upn(1), school=school, on=JULY + 2 * DAY).answer()
            for language in ("en", "cy"):
                said = str(shown(found, language))
                assert SECONDARY not in said
                assert f"Ysgol {SECONDARY}" not in said
        save.undo()


def test_a_suspension_is_told_to_the_school_that_has_the_account() -> None:
    """ux.md 2: a school that waits, or only asks, hears where the account is, not how it stands."""
    SITUATIONS["LX25"]()
    assert Asked(upn(1), school=OTHER).answer().code == "LX16"  # it has never run
    assert Asked(upn(1), school=SECONDARY).answer().code == "LX04"
    assert SITUATIONS["LX04"]().answer().code == "LX04"


def test_a_protected_learner_has_one_answer_everywhere() -> None:
    """ux.md 2: the same words, chain and evidence for a school that has them, one that had, and for a UPN unseen."""
    at_secondary([arriving(on=JULY + DAY)], on=JULY + DAY)
    protect(username=name(1))
    protect(upn=upn(99))
    answers = [Asked(upn(n), school=s, on=JULY + DAY).answer() for n in (1, 99) for s in (PRIMARY, SECONDARY, OTHER)]
    assert len({repr(answer) for answer in answers}) == 1
    assert answers[0].code == "LX21"
    with pytest.raises(accounts.DecisionRefused, match="stands_already"):
        protect(username=name(1))
    unprotect(username=name(1))
    unprotect(upn=upn(99))
    assert Asked(upn(1), on=JULY + DAY).answer().code == "LX01"
    assert Asked(upn(99), on=JULY + DAY).answer().code == "LX11"
    with pytest.raises(accounts.DecisionRefused, match="not_protected"):
        unprotect(upn=upn(99))
    assert Audit.objects.filter(action__startswith="protection").count() == 4
    assert not Audit.objects.filter(details__contains=upn(99)).exists()
    assert verification.verify(on=JULY, deep=True).breaches == ()


def test_a_protected_upn_stays_protected_when_it_gets_an_account() -> None:
    """Marked before anybody sent it; ended by the username that it has now."""
    protect(upn=upn(30))
    at_primary([learner_row(30)], on=JULY + DAY)
    assert Asked(upn(30), on=JULY + DAY).answer().code == "LX21"
    unprotect(username=name(30))
    assert Asked(upn(30), on=JULY + DAY).answer().code == "LX01"


def test_a_protected_member_of_staff_is_not_explained() -> None:
    """ux.md 2 is about staff too."""
    protect(username=staff_name())
    assert Asked(staff="AB").answer().code == "LX21"


@pytest.mark.parametrize("given", [{"upn": "X123"}, {"username": "nobody"}])
def test_nobody_is_protected_by_mistake(given: dict[str, str]) -> None:
    """A UPN with a wrong letter, or a username that nobody has, is refused."""
    with pytest.raises(accounts.DecisionRefused):
        protect(**given)
    assert not Protection.objects.exists()


def protect(*, username: str = "", upn: str = "") -> None:
    protection.protect(username=username, upn=upn, reason="court order", acting_user="support", now=NOW)


def unprotect(*, username: str = "", upn: str = "") -> None:
    protection.unprotect(username=username, upn=upn, reason="over", acting_user="support", now=NOW)


def test_refused_people_are_kept_only_while_the_run_can_be_undone() -> None:
    """R42: names and UPNs of refused records go with the run's body; what was wrong stays."""
    for days in range(1, 6):
        at_primary([learner_row(1, year_group="")], on=JULY + days * DAY)
    runs = Run.objects.filter(school=PRIMARY).exclude(accepted_no=None).order_by("accepted_no")
    kept = [bool((run.result or {}).get("people")) for run in runs]
    assert kept == [False, False, False, True, True, True]
    assert all((run.result or {})["problems"] for run in list(runs)[1:])
    last = runs.last()
    assert last is not None
    assert last.result["people"] == [
        {"kind": "learner", "record": "row 1", "upn": upn(1), "admission_number": "1", "legal_surname": "Reesb",
         "legal_forename": "Mali1"}
    ]  # fmt: skip


def test_a_preview_and_a_withdrawn_run_keep_nobody() -> None:
    """R42: whom they refused is in no result."""
    run = send(extract_of([learner_row(1, year_group="")], on=JULY + DAY), preview=True)
    provisioning.reconcile(run_id=run, on=JULY + DAY, now=NOW)
    assert "people" not in Run.objects.get(id=run).result
    at_primary([learner_row(n) for n in range(40, 62)], on=JULY + DAY)
    held = Run.objects.get(state="held")
    assert held.result["people"] == []
    provisioning.withdraw(run_id=held.id, acting_user="t", now=NOW)
    assert "people" not in Run.objects.get(id=held.id).result


def test_a_held_run_that_changes_nothing_of_a_learner_is_not_their_answer() -> None:
    """LX12 is for whom the held run matters: an active learner whose record is as before is active."""
    SITUATIONS["LX12"]()
    assert Asked(upn(1), on=JULY + DAY).answer().code == "LX01"
    found = Asked(upn(60), on=JULY + DAY).answer()
    assert str(Run.objects.get(state="held").id) in found.evidence


def test_failed_attempts_that_the_client_reported_count() -> None:
    """LX16: what went wrong in the school is known from the client's check-in, with the time of its next run."""
    now = datetime(2018, 7, 3, 7, tzinfo=UTC)
    made = clients.register(schools=[PRIMARY], acting_user="root", at=now, now=now)
    report = {
        "version": "1",
        "schools": [
            {"school": PRIMARY, "schedule": "systemd 02:13",
             "failed_attempts": [{"at": "2018-07-03T01:13:00+00:00", "code": "mis_error", "detail": ""}]}
        ],
    }  # fmt: skip
    Client.objects.update(enrolled_at=now)
    clients.check_in(client=made.client, report=report, at=now, now=now)
    found = Asked(upn(60), on=JULY + DAY).answer()
    assert found.key == "LX16"
    english = shown(found, "en")
    assert "last attempt failed: the MIS's own command failed." in english["headline"]
    assert english["when"] == "After your next run, expected at 02:13."


def test_looking_at_another_schools_learner_is_recorded() -> None:
    """R42, ux.md 2: by account, without the UPN; looking at one's own, or at nobody, is not."""
    limits = settings.explanation_limits()
    facts = explanations.learners(upns=[*asked(6), upn(20), upn(99)], school=SECONDARY, on=JULY, limits=limits)

    def look(school: str) -> int:
        return lookups.record(facts=facts.values(), school=school, acting_user="cerys", now=NOW, limited=True)

    assert look(SECONDARY) == 6
    entries = Audit.objects.filter(action="look-up")
    assert {entry.school for entry in entries} == {SECONDARY}
    assert not entries.filter(details__contains=upn(1)[1:]).exists()
    for _ in range(4):
        look(SECONDARY)
    with pytest.raises(lookups.TooManyLookUps):
        look(SECONDARY)
    assert entries.all().count() == 30
    later = lookups.record(
        facts=facts.values(), school=SECONDARY, acting_user="cerys", now=NOW + timedelta(hours=2), limited=True
    )
    assert later == 6
    assert verification.verify(on=JULY, deep=True).breaches == ()
