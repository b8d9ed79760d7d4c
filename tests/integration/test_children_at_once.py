"""Tries that arrive at the same moment in several processes are counted as if they came one after the other."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from tests.support.world import OWN_CLASS, SCHOOL, build

from hwb import clock
from hwb.lifecycle import child_pictures as rules
from hwb.lifecycle.class_sign_in import WRONG_CODES
from hwb.operations import child_pictures, class_sessions
from hwb.operations.class_sessions import JoiningClosed

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act: object, items: list[object]) -> Counter[object]:
    def one(item: object) -> object:
        try:
            return act(item)  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        return Counter(threads.map(one, items))


def test_pictures_that_are_guessed_at_once() -> None:
    """Five are looked at on one device, ten on any number of new devices, and the right ones are not among the rest."""
    child, other = build().learners[OWN_CLASS][1:3]
    for account in (child, other):
        child_pictures.choose(
            account=account.id, school=SCHOOL, pictures=("cat", "sun", "key"), acting_user="tests", now=clock.now()
        )
    wrong = [list(three) for three in itertools.permutations(rules.PICTURES, 3) if three != ("cat", "sun", "key")][:40]
    at = datetime.now(UTC)
    found = at_once(lambda given: child_pictures.check(account=child.id, device="d", given=given, at=at), wrong)
    assert found == {"wrong": rules.TRIES, "shut": 40 - rules.TRIES}
    devices = [f"d{number}" for number in range(40)]
    found = at_once(lambda one: child_pictures.check(account=other.id, device=one, given=wrong[0], at=at), devices)
    assert found == {"wrong": rules.NEW_TRIES, "shut": 40 - rules.NEW_TRIES}


def test_class_codes_that_are_guessed_at_once() -> None:
    """Twenty of one address are looked at."""

    def join(number: object) -> object:
        try:
            return class_sessions.join(typed="ACDEFG", device=f"d{number}", address="192.0.2.1", at=datetime.now(UTC))
        except JoiningClosed:
            return "closed"

    assert at_once(join, list(range(40))) == {None: WRONG_CODES, "closed": 40 - WRONG_CODES}
