"""A school decides about a held run (ux.md B6), undoes one, puts records right and looks back (B5, B20, B21)."""

from __future__ import annotations

from datetime import date

import pytest
from tests.acceptance.conftest import Look
from tests.support.deliveries import deliver, extract_of, learner_row, send, staff_row
from tests.support.world import SCHOOL

from hwb.operations import provisioning
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
MARCH = date(2019, 3, 4)


def test_a_held_run_is_checked_and_confirmed(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2019-03-04T20:00")
    rows = [
        learner_row(n, year_group="5", registration_group=f"{n // 20} Gwyrdd", legal_surname="Llanfairpwllgwyngyllgogerychwyrndrobwll")
        for n in range(100, 140)
    ]  # fmt: skip
    deliver(rows, on=date(2018, 9, 3))
    extract = extract_of(rows[:20], on=MARCH, hour=10)
    run = send(extract)
    provisioning.reconcile(run_id=run, on=MARCH, now=extract.as_at)
    page = look.as_(Role.CHAMPION)
    look.visit(page, f"/{look.language}/school/{SCHOOL}/runs/{run}/review/")
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)
    page.check("#id_checked")
    page.check("#id_truth_0")
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)


def test_an_undo_is_shown_first(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2019-03-04T20:00")
    run = deliver([learner_row(n, year_group="5") for n in range(100, 104)], on=date(2018, 9, 3))
    page = look.as_(Role.CHAMPION)
    look.visit(page, f"/{look.language}/school/{SCHOOL}/runs/{run}/undo/")
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)


def test_records_are_put_right(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2019-03-04T20:00")
    long = "Llanfairpwllgwyngyllgogerychwyrndrobwll"
    rows = [learner_row(1), learner_row(2, admission_number=""), learner_row(9, upn="nonsense", legal_surname=long)]
    deliver(rows, [staff_row("NO", legal_surname=long, start_date="")], on=MARCH)
    page = look.as_(Role.MIS_ADMIN)
    path = f"/{look.language}/school/{SCHOOL}/to-put-right/"
    look.visit(page, path)
    look.visit(page, f"{path}checklist/")
    look.visit(page, f"{path}pass-on/L02/")
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)
    look.visit(page, f"{path}?passed=nobody")
    look.picture(page, "to-put-right")
    with page.expect_navigation():
        page.click("button[form=compare]")
    look.check(page)
    look.visit(page, f"{path}?reason=L06")
    with page.expect_navigation():
        page.click("main a[href*='/warning/']")
    look.check(page)
    page.check("#id_reason_0")
    with page.expect_navigation():
        page.click("#form button")
    look.check(page)


def test_a_school_looks_back(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-06T20:00")
    rows = [learner_row(n, legal_surname="Llanfairpwllgwyngyllgogerychwyrndrobwll") for n in (1, 2, 60, 61)]
    deliver([*rows, learner_row(3, leaving_date=date(2018, 8, 31))], on=date(2018, 9, 3))
    page = look.as_(Role.CHAMPION)
    for path in ("arrivals/", "arrivals/?which=departures", "activity/", "activity/?kind=look-ups"):
        look.visit(page, f"/{look.language}/school/{SCHOOL}/{path}")
