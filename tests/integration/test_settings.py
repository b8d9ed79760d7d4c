"""The nation's settings: known keys, checked values, and the rules' view of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.deliveries import deliver, learner_row, register_schools
from tests.support.people import PRIMARY, SECONDARY, upn

from hwb.directory.models import Audit, Placement
from hwb.directory.queries import schools
from hwb.lifecycle.passwords import PasswordPolicy, Showing
from hwb.lifecycle.policy import Grace, Limit, Policy
from hwb.operations import due, settings

pytestmark = pytest.mark.django_db
NOW = datetime(2018, 7, 2, 10, tzinfo=UTC)


def put(key: str, value: str) -> str:
    return settings.put(key=key, value=value, acting_user="root", now=NOW)


def test_without_any_setting_the_rules_have_their_defaults() -> None:
    """The texts of the defaults read as the limits of the table of holds (R36)."""
    assert settings.policy() == Policy()


def test_a_setting_counts_at_once_and_is_in_the_log() -> None:
    """R42: before and after are written; an empty value goes back to the default."""
    assert put("holds.missing", "25  7.5 %") == "10 5%"
    assert settings.policy().limits["missing"] == Limit(25, 0.075)
    assert '"after":"25 7.5 %"' in Audit.objects.get(action="setting").details
    put("holds.missing", "")
    assert settings.get("holds.missing") == "10 5%"


def test_a_grace_is_by_year_group_and_may_be_one_schools() -> None:
    """R39: for a nation or a school."""
    put("grace.11", "08-31")
    put("grace.13.6714041", "09-30")
    assert settings.policy().graces == (Grace("", "11", 8, 31), Grace("6714041", "13", 9, 30))
    assert settings.all_in_force()["grace.11"] == "08-31"


def test_who_may_choose_a_password_is_by_year_group_and_may_be_one_schools() -> None:
    """R10: the nation's showing, and its or a school's word about each year group; the youngest have no such setting."""
    assert settings.password_policy() == PasswordPolicy()
    put("passwords.choose.3", "no")
    put("passwords.choose.3.6714041", "yes")
    put("passwords.shown", "once")
    choosing = {("", "3"): False, ("6714041", "3"): True}
    assert settings.password_policy() == PasswordPolicy(Showing.ONCE, choosing)
    assert (settings.get("passwords.choose.4"), settings.get("passwords.shown")) == ("", "once")
    put("passwords.shown", "")
    assert settings.password_policy().showing is Showing.UNTIL_CHANGED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("holds.missing", "10"), ("holds.missing", "10 101%"), ("holds.missing", "-1 5%"), ("missing_days", "0"),
        ("missing_days", "²"), ("academic_year_start", "13-01"), ("academic_year_start", "02-29"), ("intake", "08-01"),
        ("grace.11", "31 August"), ("holds.nothing", "10 5%"), ("grace.15", "08-31"), ("grace.11.99", "08-31"),
        ("grace", "08-31"), ("grace.11.6714041.x", "08-31"), ("", "1"),
        ("passwords.shown", "twice"), ("passwords.choose.3", "perhaps"), ("passwords.choose.2", "yes"),
        ("passwords.choose", "yes"), ("passwords.choose.3.99", "yes"),
    ],
)  # fmt: skip
def test_what_no_setting_can_hold_is_refused(key: str, value: str) -> None:
    """An unknown key or a wrong value changes nothing."""
    with pytest.raises(settings.SettingRefused):
        put(key, value)
    assert settings.stored() == {}


def test_freshness_and_the_years_first_day_are_settings() -> None:
    """R37: what is called fresh, old and last year's follows the nation's settings."""
    register_schools()
    deliver([learner_row(1)])
    later = datetime(2018, 7, 6, 12, tzinfo=UTC)

    def words() -> tuple[str, bool]:
        found = schools.statuses(on=later.date(), now=later, limits=settings.school_limits())
        return found[0].freshness, found[0].last_years_classes

    assert words() == ("getting old", False)
    put("freshness.fresh_days", "5")
    put("academic_year_start", "07-05")
    assert words() == ("up to date", True)


def test_fewer_days_missing_set_somebody_free_who_is_missing_already() -> None:
    """R32: on the day that the next step of the wait names, not on the one that was worked out before."""
    register_schools()
    deliver([learner_row(1), learner_row(2)], on=NOW.date())
    deliver([learner_row(2)], on=NOW.date() + timedelta(days=1))
    deliver([learner_row(1, year_group="7"), learner_row(9)], school=SECONDARY, on=NOW.date() + timedelta(days=1))
    put("missing_days", "3")
    for day, holder in ((3, PRIMARY), (4, SECONDARY)):
        now = NOW + timedelta(days=day)
        due.apply_due(on=now.date(), now=now)
        assert Placement.objects.get(account__upn=upn(1), role="holding", ended=None).school == holder
