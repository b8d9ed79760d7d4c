"""The calendar's clock, and how a year is rehearsed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hwb import clock


@pytest.fixture(autouse=True)
def no_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HWB_NOW", raising=False)
    monkeypatch.delenv("HWB_PRODUCTION", raising=False)


def test_without_a_setting_it_is_now() -> None:
    """The clock gives the real moment, aware, in UTC."""
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("setting", "moment", "day"),
    [
        ("2019-08-31T23:59:00", datetime(2019, 8, 31, 22, 59, tzinfo=UTC), date(2019, 8, 31)),
        ("2019-09-01T00:00:00", datetime(2019, 8, 31, 23, 0, tzinfo=UTC), date(2019, 9, 1)),
        ("2019-08-31T23:30:00Z", datetime(2019, 8, 31, 23, 30, tzinfo=UTC), date(2019, 9, 1)),
        ("2019-01-10T23:30:00+00:00", datetime(2019, 1, 10, 23, 30, tzinfo=UTC), date(2019, 1, 10)),
        ("2019-09-01", datetime(2019, 8, 31, 23, 0, tzinfo=UTC), date(2019, 9, 1)),
    ],
)
def test_the_calendar_is_set(monkeypatch: pytest.MonkeyPatch, setting: str, moment: datetime, day: date) -> None:
    """A moment without offset is Europe/London's, and the date is the one of a calendar in Wales."""
    monkeypatch.setenv("HWB_NOW", setting)
    assert clock.now() == moment
    assert clock.today() == day


def test_the_calendar_may_follow_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """@FILE is read at each use, so that a rehearsal moves on without a restart."""
    file = tmp_path / "now"
    monkeypatch.setenv("HWB_NOW", f"@{file}")
    file.write_text("2018-07-20T12:00:00Z\n")
    assert clock.today() == date(2018, 7, 20)
    file.write_text("2018-09-03T12:00:00Z\n")
    assert clock.today() == date(2018, 9, 3)


def test_production_has_the_real_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """HWB_NOW is ignored where HWB_PRODUCTION=1, and heeded for any other value of that."""
    monkeypatch.setenv("HWB_NOW", "2018-07-20")
    monkeypatch.setenv("HWB_PRODUCTION", "1")
    assert clock.now().year != 2018
    monkeypatch.setenv("HWB_PRODUCTION", "0")
    assert clock.now().year == 2018


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar that cannot be read is an error, never silently today."""
    monkeypatch.setenv("HWB_NOW", "1 September")
    with pytest.raises(clock.ClockNotReadable):
        clock.now()
