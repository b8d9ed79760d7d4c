"""The pages of services and of signing in to one, in a browser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.acceptance.conftest import Look
from tests.support.relying_party import party
from tests.support.world import ELSEWHERE, SCHOOL

from hwb.directory.models import Placement
from hwb.web.policy import Role

pytestmark = pytest.mark.system("chromium")


def test_an_operator_registers_looks_at_and_ends_a_service(look: Look) -> None:
    page = look.as_(Role.OPERATOR)
    look.visit(page, f"/{look.language}/nation/services/")
    look.visit(page, f"/{look.language}/nation/services/register/")
    page.click("#form > button")
    look.check(page)  # with its errors
    page.fill("#id_name", "Maths")
    page.check("[name=whose][value=some]")
    page.fill("#id_schools", SCHOOL)
    page.check("[name=scopes][value=profile]")
    page.fill("#id_redirect_uris", "https://maths.example/back")
    page.click("#form > button")
    look.check(page)
    page.click("main a.govuk-button")
    look.check(page)
    look.visit(page, f"/{look.language}/nation/services/")
    page.click("main tbody a")
    page.click("main a[href$='/end/']")
    look.check(page)
    page.click("#form button")
    look.check(page)


def test_on_the_way_to_a_service(look: Look) -> None:
    teacher = look.world.accounts[Role.TEACHER]
    Placement.objects.create(account=teacher, school=ELSEWHERE, role="post", began=datetime.now(UTC).date())
    both, other = party(schools=(SCHOOL, ELSEWHERE)), party(name="Music", schools=(ELSEWHERE,))

    def address(asked: str) -> str:
        return asked.replace("/en/", f"/{look.language}/")

    look.visit(look.as_(Role.TEACHER), address(both.request()))
    learner = look.as_(Role.LEARNER)
    look.visit(learner, address(other.request()), status=403)
    look.visit(learner, address(other.request(redirect_uri="https://evil.example/")), status=400)
    look.visit(learner, f"/{look.language}/sign-out/service/")
