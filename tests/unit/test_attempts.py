"""The figures of trying passwords (reliability.md, "Sign-in abuse"), without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hwb.lifecycle import attempts
from hwb.lifecycle.attempts import AddressSeen, Bar, Count

START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def guess(tries: int, *, every: timedelta, known_device: bool = False) -> list[datetime]:
    """When a guesser's passwords are really tried, who sends one at every step."""
    count, at, tried = Count(), START, []
    for _ in range(tries):
        if attempts.bar(count, known_device=known_device, at=at) is None:
            tried.append(at)
            count = attempts.after_wrong(count, at=at)
        at += every
    return tried


def test_the_pauses_are_those_of_the_design() -> None:
    """Three wrong ones cost no wait; the fourth to ninth 3, 5, 10, 20, 40 and 60 s; the tenth locks for five minutes."""
    count, waits = Count(), []
    for _ in range(10):
        count = attempts.after_wrong(count, at=START)
        waits.append((count.until - START).seconds if count.until else 0)
    assert waits == [0, 0, 0, 3, 5, 10, 20, 40, 60, 300]


def test_locks_double_to_an_hour_and_begin_anew_after_a_calm_one() -> None:
    count, at, locks = Count(), START, []
    for _ in range(70):
        count = attempts.after_wrong(count, at=at)
        at = count.until or at
        if attempts.bar(count, known_device=True, at=at - timedelta(seconds=1)) is Bar.LOCK and count.last:
            locks.append((at - count.last).seconds // 60)
    assert locks == [5, 10, 20, 40, 60, 60, 60]
    at += timedelta(hours=1)
    for _ in range(10):
        count = attempts.after_wrong(count, at=at)
    assert count.until == at + timedelta(minutes=5)


@pytest.mark.parametrize("every", [timedelta(0), timedelta(seconds=1), timedelta(seconds=86), timedelta(minutes=61)])
def test_one_account_and_a_thousand_guesses(every: timedelta) -> None:
    """At most 130 are tried within 24 hours, and never more than ten within five minutes."""
    tried = guess(1000, every=every)
    assert len([at for at in tried if at < START + timedelta(hours=24)]) <= 130
    assert len(tried) <= attempts.CLOSES_AT
    for at in tried:
        assert sum(at <= other < at + timedelta(minutes=5) for other in tried) <= 10


def test_a_hundred_in_a_row_close_unknown_devices_only() -> None:
    count = Count(row=100, locks=3, last=START)
    later = START + timedelta(days=3)
    assert attempts.bar(count, known_device=False, at=later) is Bar.CLOSED
    assert attempts.bar(count, known_device=True, at=later) is None


def test_a_lock_ends_by_itself_within_an_hour() -> None:
    """Nobody is shut out for a day by a classmate's guesses."""
    count, at = Count(), START
    for _ in range(99):
        count = attempts.after_wrong(count, at=at)
        assert count.until is None or count.until - at <= timedelta(hours=1)


def test_the_person_on_a_known_device_ends_the_row_and_not_the_wait() -> None:
    until = START + timedelta(minutes=20)
    after = attempts.after_right_elsewhere(Count(row=90, locks=3, until=until, last=START))
    assert (after.row, after.until, after.locks) == (10, until, 3)
    assert attempts.bar(after, known_device=False, at=START) is Bar.LOCK


@pytest.mark.parametrize(
    ("tried", "failed", "names", "guessing"),
    [
        (1150, 150, 150, False),  # a school of a thousand, 15 % of them mistyping
        (2000, 900, 700, False), (400, 400, 50, False), (400, 299, 299, False),
        (500, 300, 51, False), (499, 300, 51, True), (30000, 30000, 10000, True),
    ],
)  # fmt: skip
def test_an_address_guesses_by_what_it_does(tried: int, failed: int, names: int, guessing: bool) -> None:
    """300 wrong ones in ten minutes, more than 50 names, and more than 60 % wrong: all three."""
    assert attempts.is_guessing(AddressSeen(tried, failed, names)) is guessing


def test_one_password_with_more_than_twenty_names_is_sprayed() -> None:
    assert [attempts.is_sprayed(names) for names in (19, 20, 21)] == [False, False, True]


def test_an_hour_is_alarming_by_five_times_the_week_before() -> None:
    assert attempts.is_alarming(failed=500, week_before=100)
    assert not attempts.is_alarming(failed=499, week_before=100)
    assert not attempts.is_alarming(failed=99, week_before=0)


def test_what_a_school_sees() -> None:
    """The longest lock, all wrong ones of a week, and whether unknown devices are closed out."""
    late = START + timedelta(minutes=5)
    counts = [(Count(10, 1, late, START), False), (Count(2, 0, None, START), True)]
    assert attempts.trouble(counts, at=START) == attempts.Trouble(12, late, False)
    assert attempts.trouble(counts, at=late) == attempts.Trouble(12, None, False)
    assert attempts.trouble(counts, at=START + timedelta(days=8)) == attempts.Trouble(0, None, False)
    assert attempts.trouble([(Count(100, 9, None, START), False)], at=late).closed
