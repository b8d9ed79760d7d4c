"""A Digital Champion's journeys (ux.md 6.1) from the front page on: in both languages, at both widths, with the
keyboard alone, and without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator, Page
from tests.acceptance.conftest import Look
from tests.support.deliveries import deliver, learner_row
from tests.support.people import upn
from tests.support.second_step import code_now, set_up
from tests.support.world import ELSEWHERE, PASSWORD, SCHOOL, World

from hwb.directory.models import Account, FirstPassword, RoleGrant, Run
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")
#: Language, width, script, keyboard alone.
WAYS = {
    "en-1280-keyboard": ("en", 1280, True, True), "cy-390-plain": ("cy", 390, False, False),
    "en-390": ("en", 390, True, False), "cy-1280": ("cy", 1280, True, False),
}  # fmt: skip
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllll"


class Walk:
    """One person on their way; every page they come to is checked."""

    def __init__(self, look: Look, *, keyboard: bool) -> None:
        self.look = look
        self.page: Page = look.as_()
        self.keyboard = keyboard

    def sign_in(self, role: Role) -> None:
        """From the front page, which knows the language that the browser prefers."""
        self.page.goto("/")
        self.look.check(self.page)
        self.write("#id_username", self.look.world.accounts[role].username)
        self.write("#id_password", PASSWORD)
        secret, _ = set_up(self.look.world.accounts[role].id)
        self.press("#form button:not([type])")
        self.write("#id_code_again", code_now(secret))
        self.press("#form button:not([type])")

    def press(self, selector: str) -> None:
        """Follows the link or presses the button, and looks at what comes."""
        target = self.page.locator(selector).first
        if self.keyboard:
            self._tab_to(target)
        with self.page.expect_navigation():
            if self.keyboard:
                self.page.keyboard.press("Enter")
            else:
                target.click()
        self.look.check(self.page)

    def write(self, selector: str, text: str) -> None:
        field = self.page.locator(selector)
        if self.keyboard:
            self._tab_to(field)
            self.page.keyboard.type(text)
        else:
            field.fill(text)

    def choose(self, selector: str) -> None:
        box = self.page.locator(selector)
        if self.keyboard:
            self._tab_to(box)
            self.page.keyboard.press("Space")
        else:
            box.check()
        assert box.is_checked()

    def text(self) -> str:
        return self.page.inner_text("main")

    def _tab_to(self, target: Locator) -> None:
        for _ in range(150):
            if target.evaluate("element => element === document.activeElement"):
                outline = target.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow")
                assert outline != "nonenone", "the focus is not seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not get to {target}")


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def walk(request: pytest.FixtureRequest, browser: Browser, server: str, world: World) -> Iterator[Walk]:
    language, width, script, keyboard = request.param
    look = Look(browser, server, world, language, width, script)
    yield Walk(look, keyboard=keyboard)
    for context in look.contexts:
        context.close()


def test_a_leaver_still_in_the_list(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One left with a leaving date; another left without, and the Champion switches that account off."""
    monkeypatch.setenv("HWB_NOW", "2018-07-20T09:00")
    rows = [learner_row(n, year_group="6" if n <= 3 else "5") for n in range(1, 6)]
    deliver([*rows, learner_row(6, year_group="5", leaving_date=date(2018, 7, 6))], on=date(2018, 7, 19))
    stayed = Account.objects.get(upn=upn(2))
    base = f"/{walk.look.language}/school/{SCHOOL}"
    walk.sign_in(Role.CHAMPION)
    walk.press(f"nav a[href='{base}/learners/']")
    walk.press("main a[href*='view=leavers']")
    assert walk.page.locator(".govuk-inset-text").count() == 1
    assert walk.page.locator("#list tbody tr").count() == 1
    walk.press(f"nav a[href='{base}/learners/']")
    walk.press(f"#list a[href$='{stayed.id}/']")
    walk.press(f".hwb-deeds a[href$='{stayed.id}/access/']")
    walk.press("#form button:not([type])")  # no reason yet
    assert walk.page.locator(".govuk-error-summary").count() == 1
    walk.choose("input[name=reason][value=left]")
    walk.press("#form button:not([type])")
    stayed.refresh_from_db()
    assert stayed.active
    walk.press("#form button:not([type])")
    stayed.refresh_from_db()
    assert not stayed.active
    walk.page.reload()
    walk.look.check(walk.page)
    stayed.refresh_from_db()
    assert not stayed.active
    walk.press(f"main a[href$='{stayed.id}/']")
    assert walk.page.locator(".hwb-answer").count() == 1


def test_an_ordinary_morning(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the night's run changed; who arrived from another school; a new password for them, and its slip."""
    monkeypatch.setenv("HWB_NOW", "2018-07-20T06:30")
    deliver(
        [learner_row(50, leaving_date=date(2018, 7, 18), legal_surname=LONG), learner_row(51)],
        school=ELSEWHERE,
        on=date(2018, 7, 19),
    )
    rows = [learner_row(n, year_group="6" if n <= 3 else "5") for n in range(1, 7)]
    arrival = learner_row(50, legal_surname=LONG, start_date=date(2018, 7, 19))
    deliver([*rows, arrival, learner_row(8, upn="nonsense")], on=date(2018, 7, 20), hour=2)
    arrived = Account.objects.get(upn=upn(50))
    base = f"/{walk.look.language}/school/{SCHOOL}"
    walk.sign_in(Role.CHAMPION)
    assert walk.page.url.endswith(f"{base}/")
    walk.press(f"main a[href='{base}/provisioning/']")
    walk.press("#list tbody tr:first-child a")
    walk.press("main a[href$='/changes/']")
    assert LONG in walk.text()
    walk.press(f"main a[href$='/learners/{arrived.id}/']")
    walk.press(f".hwb-deeds a[href$='{arrived.id}/password/']")
    walk.press("#form button:not([type])")
    username, password = walk.page.locator(".hwb-secret__value").all_inner_texts()
    assert username == arrived.username
    made = sealed(arrived)
    walk.page.reload()
    walk.look.check(walk.page)
    assert password not in walk.text()
    assert sealed(arrived) == made
    walk.press(".govuk-back-link")
    walk.press(".hwb-deeds a[href*='/class/print/']")
    walk.press("#form button:not([type])")
    assert password in walk.text()
    walk.press("main form button:not([type])")
    assert walk.page.locator(".govuk-notification-banner").count() == 1


def sealed(account: Account) -> bytes:
    return bytes(FirstPassword.objects.get(account=account.id).ciphertext or b"")


@pytest.mark.slow
@pytest.mark.parametrize("walk", [WAYS["cy-390-plain"]], indirect=True)
def test_a_headteacher_without_script(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """ux.md 15, check 18: a held run is looked at and confirmed; somebody is appointed and removed; the list is
    confirmed."""
    monkeypatch.setenv("HWB_NOW", "2019-03-04T20:00")
    everybody = [learner_row(n, registration_group=f"{n % 3 + 1} Gwyrdd", year_group="5") for n in range(101, 161)]
    deliver(everybody, on=date(2018, 9, 3))
    held = deliver(everybody[:40], on=date(2019, 3, 4))
    base, staff = f"/{walk.look.language}/school/{SCHOOL}", walk.look.world.accounts[Role.STAFF]
    walk.sign_in(Role.HEAD)
    walk.press(f"main a[href='{base}/runs/{held}/review/']")
    walk.press("#form button:not([type])")  # nothing ticked
    assert walk.page.locator(".govuk-error-summary").count() == 1
    walk.choose("input[name=checked]")
    walk.choose("input[name=truth][value=meant]")
    walk.press("#form button:not([type])")
    walk.press("#form button:not([type])")
    assert Run.objects.get(id=held).state == "applied"
    walk.page.goto(f"{base}/access-list/")
    walk.press(f"main a[href='{base}/access-list/add/']")
    walk.write("#id_name", staff.legal_surname)
    walk.press("#form button:not([type])")
    walk.choose(f"input[name=account][value='{staff.id}']")
    walk.choose("input[name=role][value=champion]")
    walk.press("button[name=choose]")
    walk.press(f"main a[href$='{staff.id}/champion/']")
    walk.press("#form button:not([type])")
    assert not RoleGrant.objects.filter(account=staff.id, ended_at=None).exists()
    walk.press("main form button:not([type])")
    assert walk.page.locator(".govuk-notification-banner").count() == 1
