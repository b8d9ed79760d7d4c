"""B5: refused records and warnings, for whom, until a run puts them right."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from tests.support.deliveries import deliver, learner_row, staff_row
from tests.support.languages import foreign_texts
from tests.support.world import SCHOOL, World

from hwb.directory.models import Audit, HiddenWarning, Message, Run
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
PATH = f"school/{SCHOOL}/to-put-right/"
SEPTEMBER = date(2018, 9, 3)
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwll"
_GOOD = [learner_row(n, registration_group="6G" if n <= 3 else "5M", year_group="6" if n <= 3 else "5") for n in range(1, 7)]  # fmt: skip


@pytest.fixture(autouse=True)
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWB_NOW", "2018-09-06T20:00")


def refused(number: int = 9) -> list[object]:
    return [*_GOOD, learner_row(number, upn="nonsense", legal_surname=LONG)]


@pytest.fixture
def september(world: World) -> None:
    """Three days with a wrong UPN, the last with a member of staff without a start date too."""
    for day in (3, 4):
        deliver(refused(), on=date(2018, 9, day))
    staff = [staff_row("NO", legal_surname="Prys", start_date="")]  # type: ignore[arg-type]
    deliver([*refused(), learner_row(8, admission_number="")], staff, on=date(2018, 9, 5))


def texts(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def get(world: World, path: str = PATH, role: Role = Role.CHAMPION) -> str:
    answer = world.client(role).get(f"/en/{path}")
    assert answer.status_code == 200
    return texts(answer)


def test_each_reason_has_its_fix_and_each_record_its_history(world: World, september: None) -> None:
    page = get(world)
    assert "Records to put right (2)" in page
    assert "UPN is not valid" in page
    assert "Put it right in this column of the file: upn." in page
    assert f"{LONG}, " in page
    assert "row 9" in page
    assert "nonsense" in page
    assert "3 September 2018</td>" in page  # first seen
    assert '--numeric" data-label="Runs so far">3</td>' in page
    assert "Start date is missing" in page


def test_a_refused_record_disappears_after_a_run_that_corrects_it_and_not_before(world: World) -> None:
    """ux.md 15, check 4."""
    deliver(refused(), on=SEPTEMBER)
    deliver(refused(), on=SEPTEMBER, hour=14)
    assert LONG in get(world)
    at = datetime(2018, 9, 3, 15, tzinfo=UTC)
    Run.objects.create(
        school=SCHOOL, state="failed", failure="internal_error", as_at=at, received_at=at, finished_at=at
    )
    page = get(world)
    assert "A later attempt on 3 September 2018 at 16:00 failed." in page
    assert "this is the older list." in page
    assert LONG in page
    deliver([*_GOOD, learner_row(9, legal_surname=LONG)], on=SEPTEMBER, hour=16)
    page = get(world)
    assert "Nothing to put right." in page
    assert "Put right in the last 14 days (1)" in page
    assert page.count(LONG) == 1


def test_records_with_the_same_wrong_value_are_told_apart(world: World) -> None:
    deliver([*refused(9), learner_row(10, upn="nonsense")], on=SEPTEMBER)
    deliver([*refused(9), learner_row(10)], on=SEPTEMBER, hour=14)
    page = get(world)
    assert "Records to put right (1)" in page
    assert "Put right in the last 14 days (1)" in page
    assert "row 10" in page.split("Put right in the last 14 days")[1]


def test_a_run_without_staff_says_nothing_of_refused_staff(world: World, september: None) -> None:
    deliver([*_GOOD, learner_row(8)], on=date(2018, 9, 6))
    page = get(world)
    assert "Start date is missing" in page
    assert "UPN is not valid" in page.split("Put right in the last 14 days")[1]
    assert "UPN is not valid" not in page.split("Put right in the last 14 days")[0].split("</form>")[-1]


def test_a_warning_is_hidden_with_a_reason_until_its_value_changes(world: World, september: None) -> None:
    client = world.client(Role.MIS_ADMIN)
    page = get(world)
    assert "Admission number is missing" in page
    link = get(world, f"{PATH}?reason=L06").split("warning/")[1].split('"')[0]
    assert "Choose a reason" in texts(client.post(f"/en/{PATH}warning/{link}", {}))
    client.post(f"/en/{PATH}warning/{link}", {"reason": "checked"})
    page = get(world)
    assert "Admission number is missing" not in page
    assert "1 warning is hidden" in page
    hidden = HiddenWarning.objects.get()
    assert (hidden.code, hidden.reason) == ("L06", "checked")
    assert Audit.objects.filter(action="warning hidden", school=SCHOOL).count() == 1
    assert client.get(f"/en/{PATH}warning/{'0' * 40}/").status_code == 404


def test_records_are_passed_on_by_a_message_without_names(world: World, september: None) -> None:
    client = world.client(Role.CHAMPION)
    to = world.accounts[Role.MIS_ADMIN].id
    assert "Choose a person" in texts(client.post(f"/en/{PATH}pass-on/L02/", {"to": world.accounts[Role.STAFF].id}))
    page = texts(client.post(f"/en/{PATH}pass-on/L02/", {"to": to}, follow=True))
    assert "The records were passed on by e-mail." in page
    assert "Passed on to Mali MisAdmin on 6 September 2018." in page
    assert LONG not in str(list(Message.objects.values_list("details", flat=True)))
    assert client.get(f"/en/{PATH}pass-on/L01/").status_code == 404


def test_managers_see_codes_officers_numbers_and_the_nation_no_names(world: World, september: None) -> None:
    manager = get(world, role=Role.CLIENT_MANAGER)
    assert "row 9" in manager
    for secret in (LONG, "nonsense", "Pass on"):
        assert secret not in manager
    officer = get(world, role=Role.AREA_OFFICER)
    assert "UPN is not valid" in officer
    assert "row 9" not in officer
    for role in (Role.AGENT, Role.OPERATOR):
        page = get(world, role=role)
        assert "row 9" in page
        assert LONG not in page
        assert world.client(role).get(f"/en/{PATH}pass-on/L02/").status_code == 404
    for role in (Role.TEACHER, Role.STAFF, Role.LEARNER, Role.AUDITOR):
        assert world.client(role).get(f"/en/{PATH}").status_code == 404
    assert world.client(Role.CLIENT_MANAGER).get(f"/en/{PATH}checklist/").status_code == 404


def test_filters_and_checklist(world: World, september: None) -> None:
    assert "UPN is not valid" not in get(world, f"{PATH}?kind=staff").split("hwb-group")[1]
    assert "No record fits these filters." in get(world, f"{PATH}?reason=L20")
    page = get(world, f"{PATH}checklist/")
    assert "nonsense" in page
    assert "Start date is missing" in page


def test_records_are_filtered_by_whom_they_were_passed_to(world: World, september: None) -> None:
    """B5: by the account, since no name stands in an address."""
    assert "Passed to" not in get(world)
    admin = world.accounts[Role.MIS_ADMIN]
    world.client(Role.CHAMPION).post(f"/en/{PATH}pass-on/L06/", {"to": str(admin.id)})
    page = get(world)
    assert f'<option value="{admin.id}">' in page
    groups = [
        re.findall(r'<section class="hwb-group" aria-labelledby="(\w+)-title"', get(world, f"{PATH}?passed={whom}"))
        for whom in (admin.id, "nobody")
    ]
    assert groups[0] == ["L06"]
    assert "L06" not in groups[1]
    assert groups[1]
    answer = world.client(Role.CHAMPION).get(f"/cy/{PATH}?passed={admin.id}")
    assert not foreign_texts(answer.content, "cy")


def test_a_refused_member_of_staff_is_compared_with_a_colleague_at_once(world: World, september: None) -> None:
    """B5: one press leads to the comparison; the name travels by POST."""
    client = world.client(Role.CHAMPION)
    page = get(world)
    (name,) = re.findall(r'form="compare" name="asked" value="([^"]+)"', page)
    answer = client.post(f"/en/school/{SCHOOL}/find-staff/", {"asked": name, "then": "compare"}, follow=True)
    assert answer.redirect_chain[-1][0].endswith("/compare/")
    assert "Compare with a colleague</h1>" in texts(answer)
    assert 'form="compare"' not in get(world, role=Role.CLIENT_MANAGER)
    strange = client.post(f"/en/school/{SCHOOL}/find-staff/", {"asked": "Mali Head", "then": "compare"}, follow=True)
    assert strange.status_code == 200


def test_pages_speak_one_language_stay_small_and_ask_little(
    world: World, django_assert_max_num_queries: object
) -> None:
    many = [learner_row(n, upn="nonsense", legal_surname=LONG) for n in range(100, 400)]
    deliver([*_GOOD, *many, learner_row(8, admission_number="")], on=SEPTEMBER)
    client = world.client(Role.CHAMPION)
    page = get(world)
    mark = get(world, f"{PATH}?reason=L06").split("warning/")[1].split("/")[0]
    for path in (PATH, f"{PATH}checklist/", f"{PATH}pass-on/L02/", f"{PATH}warning/{mark}/", f"{PATH}?page=2"):
        for language in ("en", "cy"):
            answer = client.get(f"/{language}/{path}")
            assert answer.status_code == 200
            assert not foreign_texts(answer.content, language), path
            if "checklist" not in path:
                assert len(answer.content) < 60_000, path
    assert "(300)" in page
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(f"/en/{PATH}")


def test_before_the_first_run(world: World) -> None:
    Run.objects.filter(school=SCHOOL).update(accepted_no=None, state="failed", failure="empty")
    assert "Nothing to put right yet." in get(world)
