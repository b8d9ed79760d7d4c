"""What the time of an answer tells: nothing of who exists (issue 6); and what many tries at once can do."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.people import PRIMARY

from hwb.directory.models import Account, SignInAttempt, SignInCount
from hwb.lifecycle import attempts
from hwb.operations import passwords
from hwb.operations.attempts import Caller

SAMPLES = 300
NOW = datetime(2018, 7, 2, 15, tzinfo=UTC)


def people() -> list[Account]:
    register_schools()
    deliver([learner_row(n) for n in range(1, 6)], [])
    found = list(Account.objects.filter(kind="learner").order_by("created_at", "id"))
    Account.objects.filter(id__in=[one.id for one in found]).update(password=make_password("afon-llyfr-mynydd"))
    return found


@pytest.mark.slow
@pytest.mark.django_db
def test_the_time_of_an_answer_does_not_tell_who_exists() -> None:
    """Live, first password still encrypted, missing, inactive, locked, no password: medians within 10 ms."""
    live, first, inactive, locked, none = people()
    passwords.reset(account=first.id, school=PRIMARY, acting_user="tests", now=NOW)
    Account.objects.filter(id=inactive.id).update(active=False)
    Account.objects.filter(id=none.id).update(password="")
    classes = {
        "live": live.username, "first": first.username, "missing": "nobody.at.all1", "inactive": inactive.username,
        "locked": locked.username, "none": none.username,
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in classes}
    client = Client()
    for _ in range(SAMPLES):
        for name, username in classes.items():  # in turn, so that a busy machine is the same for all
            if name == "locked":
                later = datetime.now(UTC) + timedelta(minutes=5)
                SignInCount.objects.filter(account=locked.id).update(row=10, until=later)
            else:
                SignInCount.objects.exclude(account=locked.id).delete()
            SignInAttempt.objects.all().delete()
            began = time.perf_counter()
            answer = client.post("/en/sign-in/", {"username": username, "password": "wrong"})
            taken[name].append(time.perf_counter() - began)
            assert answer.status_code == 200
    medians = {name: statistics.median(times) * 1000 for name, times in taken.items()}
    assert max(medians.values()) - min(medians.values()) <= 10, medians


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_are_no_more_than_the_figures_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty sent at the same time to four processes' worth of threads: not one more than the free ones is looked at."""
    (account, *_) = people()
    seen: list[str] = []

    def looked_at(kept: object, password: str) -> bool:
        seen.append(password)
        time.sleep(0.02)  # as a hash does
        return False

    monkeypatch.setattr(passwords.signing, "is_right", looked_at)
    at = datetime.now(UTC)

    def guess(number: int) -> UUID | None:
        try:
            found = passwords.attempt(
                name=account.username, password=f"guess {number}", caller=Caller(f"192.0.2.{number}"), at=at
            )
            return found.found.account if found.found else None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(guess, range(60))) == [None] * 60
    assert len(seen) == attempts.FREE + 1
