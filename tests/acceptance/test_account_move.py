"""From the staff member's first sign-in to "done" through four roles, in a browser (issue 7 point 1)."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from playwright.sync_api import Page
from tests.acceptance.conftest import Look
from tests.support import moving as people
from tests.support.moving import fresh
from tests.support.people import PRIMARY, SECONDARY
from tests.support.world import PASSWORD, encoded, session_of

from hwb.directory.models import Account, Consolidation

pytestmark = pytest.mark.system("chromium")
#: Each takes 20 seconds: two for every day, in which each language, width and way without script is met.
VIEWS = [
    ("en", 1280, False), ("cy", 390, True), pytest.param(("cy", 1280, False), marks=pytest.mark.slow),
    pytest.param(("en", 390, True), marks=pytest.mark.slow),
]  # fmt: skip


@pytest.mark.parametrize("look", VIEWS, indirect=True)
def test_an_account_is_kept(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """Champion, staff member, headteacher and agent: every page on the way is looked at, and the account is joined."""
    call_command("flush", verbosity=0, interactive=False)  # without the world that every look brings
    monkeypatch.setenv("HWB_NOW", "2018-09-04T10:00:00+00:00")
    moving = people.build()
    Account.objects.filter(id=moving.mover.id).update(password=encoded())
    base = f"/{look.language}"

    champion = _as(look, moving.champion)
    look.visit(champion, f"{base}/school/{SECONDARY}/staff/{moving.mover.id}/")
    _press(look, champion, f"main a[href$='{moving.mover.id}/move/']")
    champion.fill("#id_username", moving.kept.username)
    champion.fill("#id_previous_school", PRIMARY)
    _press(look, champion, "#form button")
    look.picture(champion, "move-b14")

    staff = look.as_()
    look.visit(staff, f"{base}/sign-in/")
    staff.fill("#id_username", moving.mover.username)
    staff.fill("#id_password", PASSWORD)
    _press(look, staff, "#form button[class=govuk-button]")
    look.picture(staff, "move-question")
    staff.check("input[name=answer][value=old]")
    _press(look, staff, "#form button")
    look.picture(staff, "move-g1")
    _press(look, staff, "main a.govuk-button")
    assert staff.is_checked(f"input[name=school][value='{PRIMARY}']")  # as the Champion gave it
    look.picture(staff, "move-g2")
    _press(look, staff, "#form button")
    staff.fill("#id_username", moving.kept.username)
    look.picture(staff, "move-g3")
    _press(look, staff, "#form button")
    staff.check("#id_copied")
    look.picture(staff, "move-g4")
    _press(look, staff, "#form button")
    look.picture(staff, "move-sent")
    _press(look, staff, "main a[href$='/move/request/']")
    look.picture(staff, "move-g5")

    number = Consolidation.objects.get().number
    head = _as(look, moving.head)
    look.visit(head, f"{base}/school/{PRIMARY}/decisions/")
    look.picture(head, "move-f1")
    _press(look, head, f"#list a[href$='/{number}/']")
    head.check("input[name=decision][value=authorise]")
    look.picture(head, "move-f2")
    _press(look, head, "#form button")
    look.picture(head, "move-f2-check")
    _press(look, head, "#form button")
    look.picture(head, "move-f2-done")

    agent = _as(look, moving.agent)
    look.visit(agent, f"{base}/support/cases/?view=ready")
    look.picture(agent, "move-e4")
    _press(look, agent, f"#list a[href$='/{number}/']")
    _press(look, agent, f"form[action$='/{number}/take/'] button")
    look.picture(agent, "move-e5")
    _press(look, agent, f"main a[href$='/{number}/compare/']")
    look.picture(agent, "move-e6")
    _press(look, agent, "#form button")
    look.picture(agent, "move-joined")
    assert fresh(moving.kept).active
    assert not fresh(moving.mover).active
    again = _as(look, moving.kept)
    look.visit(again, f"{base}/move/request/")
    look.picture(again, "move-done")
    look.visit(again, f"{base}/account/")
    look.picture(again, "move-a8")


def _as(look: Look, account: Account) -> Page:
    page = look.as_()
    key = session_of(account.id)
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": look.server}])
    return page


def _press(look: Look, page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).first.click()
    look.check(page)
