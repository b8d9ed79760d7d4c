"""What a school's lists show of its people, and that they show nobody else's (ux.md B7, B8, B9, B13, B14, B21, B22)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.deliveries import JULY, deliver, learner_row, register_schools, staff_row
from tests.support.people import OTHER, PRIMARY, SECONDARY, WELSH_ORDER, upn

from hwb import names
from hwb.directory.models import Account
from hwb.directory.queries import moves, people, staff

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename")
WELSH = ["Davies", "Ddu", "Llwyd", "Ŵyn"]


def pupil(number: int, surname: str, forename: str, **values: Any) -> Any:
    return learner_row(number, legal_surname=surname, legal_forename=forename, **values)


def primary(**third: Any) -> list[Any]:
    return [
        pupil(1, "Ddu", "Siân", year_group="5", registration_group="5 Coch"),
        pupil(2, "Davies", "Llewelyn", classes=("Côr",)),
        pupil(3, "Ŵyn", "Beca", preferred_forename="Begw", **third),
        pupil(4, "Llwyd", "Ann-Marie", year_group="R", registration_group="D", classes=("Côr",)),
    ]


SECOND = [pupil(20, "O'Neill", "Sian", year_group="9", registration_group="9A")]
STAFF = [
    staff_row("AB", legal_surname="Rhys", role="Teacher", classes=("6G",)),
    staff_row("CD", legal_surname="Roberts", legal_forename="Llywelyn"),
    staff_row("EF", legal_surname="Thomas", start_date=JULY + 60 * DAY),
]


@pytest.fixture(autouse=True)
def july() -> None:
    """Four learners and three staff at the primary, one still to come; one learner, two staff at the secondary."""
    register_schools()
    deliver(primary(), STAFF)
    theirs = [
        staff_row("ZZ", legal_surname="Arall"),
        staff_row("YY", legal_surname="Newydd", start_date=JULY + 60 * DAY),
    ]
    deliver(SECOND, theirs, school=SECONDARY)


def moved(**values: Any) -> None:
    """Begw Ŵyn leaves the primary, and the secondary claims the account."""
    deliver(primary(leaving_date=JULY), on=JULY + DAY)
    arrived = pupil(3, "Ŵyn", "Beca", start_date=JULY + DAY, year_group="7", registration_group="7B", **values)
    deliver([*SECOND, arrived], school=SECONDARY, on=JULY + 2 * DAY)


def of(number: int) -> UUID:
    return Account.objects.get(upn=upn(number)).id


def shown(school: str = PRIMARY, **values: Any) -> list[str]:
    return [row.surname for row in people.learners(school=school, **{"language": "cy", **values}).rows]


def test_keys_follow_the_names() -> None:
    """They are written with the account, and written anew when a name changes."""
    deliver([pupil(1, "Ddu-Morgan", "Siân"), *primary()[1:]], on=JULY + DAY)
    for account in Account.objects.all():
        stored = {name: getattr(account, name) for name in ("search_key", "sort_en", "sort_cy", "near_key")}
        assert stored == names.keys(*(getattr(account, name) for name in NAMES))
    assert Account.objects.get(upn=upn(1)).search_key.startswith(" ddumorgan morgan")


def test_accounts_that_were_there_before_get_their_keys() -> None:
    """The migration fills them, page by page."""
    before = list(Account.objects.order_by("id").values())
    Account.objects.update(search_key="", sort_en="", sort_cy="", near_key="")
    migration = import_module("hwb.directory.migrations.0009_name_keys")
    migration._PAGE = 2
    with connection.schema_editor() as editor:
        migration.fill(None, editor)
    assert list(Account.objects.order_by("id").values()) == before


def test_the_database_sorts_as_the_welsh_alphabet_says() -> None:
    """13.3's list in its order, out of the tables; English pages in English order."""
    register_schools("6712099")
    shuffled = random.Random(1).sample(WELSH_ORDER, len(WELSH_ORDER))
    deliver([pupil(100 + n, surname, "Non") for n, surname in enumerate(shuffled)], school="6712099")
    assert shown("6712099", size=None) == WELSH_ORDER
    english = shown("6712099", size=None, language="en")
    assert english[:4] == ["Cadwaladr", "Chappell", "Crowther", "Cyril"]
    assert english[-3:] == ["Wyn", "Ŵyn", "Ynyr"]
    found = people.learners(school="6712099", language="cy", size=10)
    letters = {each.letter: each.page for each in found.letters}
    assert [letters[letter] for letter in ("C", "Ch", "Dd", "Ff", "Ng", "Ll", "Ph", "Y")] == [1, 1, 1, 2, 2, 2, 3, 4]
    assert list(letters)[:4] == ["C", "Ch", "D", "Dd"]
    assert (found.total, found.pages, len(found.rows)) == (37, 4, 10)
    assert people.learners(school="6712099", language="cy", size=10, page=5).rows == ()
    assert people.learners(school="6712099", language="cy", size=10, page=5).total == 37


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sian", ["Ddu"]), ("wyn", ["Ŵyn"]), ("SIÂN  ddu", ["Ddu"]), ("marie", ["Llwyd"]), ("annmarie", ["Llwyd"]),
        ("beca", ["Ŵyn"]), ("begw", ["Ŵyn"]), ("yn", []), ("%", []), ("_", []), ("ll", ["Davies", "Llwyd"]), ("o'neill", []),
        (upn(2), ["Davies"]), (f" {upn(2).lower()} ", ["Davies"]), (upn(20), []), ("", WELSH), ("\\", []), ("' OR 1=1", []),
    ],
)  # fmt: skip
def test_search_among_the_schools_own(typed: str, found: list[str]) -> None:
    """By beginnings of any part of a name, legal or preferred, or a whole UPN; never another school's learner."""
    assert shown(search=typed) == found


def test_search_by_username() -> None:
    """Its beginning; another school's is not found."""
    username = Account.objects.get(upn=upn(4)).username
    assert shown(search=username.upper()) == ["Llwyd"]
    assert shown(search=Account.objects.get(upn=upn(20)).username) == []


def test_filters_sorts_and_figures() -> None:
    """By year, class, state and arrival; the figures above count the whole view."""
    assert shown(year="6") == ["Davies", "Ŵyn"]
    assert shown(class_="Côr") == ["Davies", "Llwyd"]
    assert shown(class_="5 Coch") == ["Ddu"]
    assert shown(arrived_since=JULY + DAY) == []
    assert shown(sort="year") == ["Llwyd", "Ddu", "Davies", "Ŵyn"]
    assert shown(descending=True) == WELSH[::-1]
    Account.objects.filter(upn=upn(1)).update(
        active=False, reason_code="deactivated", reason_values={"school": PRIMARY}
    )
    assert shown(active=False) == ["Ddu"]
    found = people.learners(school=PRIMARY, language="en", year="6", search="beca")
    assert [(each.year_group, each.learners) for each in found.by_year] == [("R", 1), ("5", 1), ("6", 2)]
    assert [each.registration_group for each in found.by_class] == ["D", "5 Coch", "6G"]
    assert (found.total, found.on_roll, found.leavers) == (1, 4, 0)
    reasons = {row.surname: row.reason for row in people.learners(school=PRIMARY, language="cy").rows}
    assert PRIMARY in reasons["Ddu"]
    with pytest.raises(KeyError):
        shown(sort="birth_date")


def test_who_moved_on_is_shown_by_the_schools_own_last_word() -> None:
    """Year, class and name as the school last said; nothing of the new school, also when it is searched for."""
    moved(preferred_surname="Newydd")
    assert shown() == WELSH[:3]
    (row,) = people.learners(school=PRIMARY, language="cy", view="leavers").rows
    assert (row.surname, row.forename, row.year_group, row.registration_group) == ("Ŵyn", "Begw", "6", "6G")
    assert (row.username, row.reason, row.active, row.moved_on, row.upn) == ("", "", False, True, upn(3))
    assert shown(view="leavers", search="newydd") == []
    assert shown(view="leavers", search="wyn") == ["Ŵyn"]
    assert shown(view="all") == WELSH
    assert people.learners(school=PRIMARY, language="en").leavers == 1
    (row,) = people.learners(school=SECONDARY, language="cy", search="newydd").rows
    assert (row.surname, row.year_group, row.moved_on, row.active) == ("Newydd", "7", False, True)
    assert row.username


def test_who_was_only_released_keeps_username_and_reason() -> None:
    """Nobody else has the account yet: the school sees its state and why."""
    deliver(primary(leaving_date=JULY), on=JULY + DAY)
    (row,) = people.learners(school=PRIMARY, language="en", view="leavers").rows
    assert (row.active, row.moved_on, row.left_on) == (False, False, JULY + DAY)
    assert row.username
    assert "Left on 2 July 2018" in row.reason


def test_a_learners_record() -> None:
    """The school's own data, and the schools before it; never a later one."""
    found = people.learner(account=of(3), school=PRIMARY, language="en")
    assert found is not None
    assert (found.legal_forename, found.row.forename, found.start_date) == ("Beca", "Begw", date(2017, 9, 4))
    moved(preferred_surname="Newydd")
    old, new = (people.learner(account=of(3), school=school, language="en") for school in (PRIMARY, SECONDARY))
    assert old is not None
    assert new is not None
    assert [stay.school for stay in old.stays] == [PRIMARY]
    assert (old.row.surname, old.email, old.leaving_date) == ("Ŵyn", "", JULY)
    assert [(stay.school, stay.ended) for stay in new.stays] == [(PRIMARY, JULY + DAY), (SECONDARY, None)]
    assert (new.row.surname, new.leaving_date) == ("Newydd", None)


def test_a_class_is_its_group_or_its_teaching_class() -> None:
    """Whole, by name; and how many can sign in."""
    assert [row.surname for row in people.class_(school=PRIMARY, name="Côr", language="cy")] == ["Davies", "Llwyd"]
    counts = {each.name: (each.learners, each.year_groups) for each in people.classes(school=PRIMARY)}
    assert counts == {"D": (1, ("R",)), "Côr": (2, ("R", "6")), "5 Coch": (1, ("5",)), "6G": (2, ("6",))}
    Account.objects.filter(upn=upn(2)).update(active=False)
    (only,) = people.classes(school=PRIMARY, only=("6G", "9A"))
    assert (only.name, only.learners, only.active) == ("6G", 2, 1)
    assert people.class_(school=PRIMARY, name="", language="cy") == ()


def test_similar_names() -> None:
    """Near spellings of what was typed, without those that the search finds."""
    assert [row.forename for row in people.similar(school=PRIMARY, search="Llywelyn", language="cy")] == ["Llewelyn"]
    assert people.similar(school=PRIMARY, search="Llewelyn", language="cy") == ()
    assert [row.surname for row in people.similar(school=PRIMARY, search="llywelyn davis", language="cy")] == ["Davies"]
    assert [row.surname for row in people.similar(school=PRIMARY, search="Win", language="cy")] == ["Ŵyn"]
    assert people.similar(school=PRIMARY, search=" ", language="cy") == ()
    assert people.similar(school=PRIMARY, search="onil", language="cy") == ()
    assert [row.surname for row in people.similar(school=SECONDARY, search="onil", language="cy")] == ["O'Neill"]


def test_arrivals_and_departures() -> None:
    """Where they came from; where they went is not said, only that and when they were claimed."""
    moved(preferred_surname="Newydd")
    period = {"since": JULY + DAY, "until": JULY + 9 * DAY, "language": "en"}
    total, (came,) = moves.arrivals(school=SECONDARY, **period)  # type: ignore[arg-type]
    assert (total, came.learner.surname, came.came_from, came.from_en) == (1, "Newydd", PRIMARY, f"School {PRIMARY}")
    assert came.run is not None
    assert moves.arrivals(school=PRIMARY, **period) == (0, ())  # type: ignore[arg-type]
    total, (left,) = moves.departures(school=PRIMARY, **period)  # type: ignore[arg-type]
    assert (total, left.learner.surname, left.leaving_date, left.claimed) == (1, "Ŵyn", JULY, JULY + 2 * DAY)
    assert SECONDARY not in repr(left)
    assert moves.departures(school=PRIMARY, only_unclaimed=True, **period) == (0, ())  # type: ignore[arg-type]
    assert moves.departures(school=SECONDARY, **period) == (0, ())  # type: ignore[arg-type]
    assert moves.arrivals(school=SECONDARY, since=JULY + 3 * DAY, until=JULY + 9 * DAY, language="en") == (0, ())
    assert moves.arrivals(school=SECONDARY, since=JULY, until=JULY, language="en", year="8") == (0, ())


def test_a_guest_came_from_the_school_that_held_the_account_then() -> None:
    """Not from one that claimed it later."""
    register_schools(OTHER)
    guest = pupil(1, "Ddu", "Siân", enrolment_status="S", year_group="7")
    deliver([*SECOND, guest], school=SECONDARY, on=JULY + DAY)
    deliver([pupil(1, "Ddu", "Siân", leaving_date=JULY + DAY), *primary()[1:]], on=JULY + 2 * DAY)
    deliver([pupil(1, "Ddu", "Siân", start_date=JULY + 3 * DAY)], school=OTHER, on=JULY + 3 * DAY)
    since = JULY + DAY
    (came,) = moves.arrivals(school=SECONDARY, since=since, until=since, language="en")[1]
    assert (came.learner.surname, came.learner.guest, came.came_from) == ("Ddu", True, PRIMARY)


def test_staff() -> None:
    """Current, leaving and coming ones, sorted and searched as learners are."""
    found = staff.staff(school=PRIMARY, language="cy")
    assert [row.surname for row in found.rows] == ["Roberts", "Rhys"]
    assert (found.current, found.leavers, found.starting_soon) == (2, 0, 1)
    assert [row.surname for row in staff.staff(school=PRIMARY, language="en").rows] == ["Rhys", "Roberts"]
    (coming,) = staff.staff(school=PRIMARY, language="cy", view="starting soon").rows
    assert (coming.surname, coming.account, coming.start_date) == ("Thomas", None, JULY + 60 * DAY)
    assert [row.surname for row in staff.staff(school=PRIMARY, language="cy", search="llyw").rows] == ["Roberts"]
    assert [row.surname for row in staff.staff(school=PRIMARY, language="cy", search="ab").rows] == ["Rhys"]
    assert [row.surname for row in staff.staff(school=PRIMARY, language="cy", role="Teacher").rows] == ["Rhys"]
    assert staff.staff(school=PRIMARY, language="cy", search="arall").rows == ()
    assert staff.staff(school=PRIMARY, language="cy", search="zz").rows == ()
    assert [r.surname for r in staff.similar_staff(school=PRIMARY, search="Llewelyn", language="cy")] == ["Roberts"]
    assert staff.similar_staff(school=PRIMARY, search="Aral", language="cy") == ()
    deliver(primary(), [staff_row("AB", legal_surname="Rhys", leaving_date=JULY), *STAFF[1:]], on=JULY + DAY)
    (left,) = staff.staff(school=PRIMARY, language="en", view="leavers").rows
    assert (left.surname, left.active, left.left_on, left.leaving_date) == ("Rhys", False, JULY + DAY, JULY)


def test_a_member_of_staff() -> None:
    """By account, with the posts."""
    account = Account.objects.get(legal_surname="Rhys").id
    found = staff.staff_member(account=account, school=PRIMARY, language="en")
    assert found is not None
    assert (found.row.staff_code, found.row.classes, [stay.role for stay in found.stays]) == ("AB", ("6G",), ["post"])


def test_another_schools_people_are_never_returned() -> None:
    """By none of the functions, whatever is asked for."""
    theirs, their_staff = of(20), Account.objects.get(legal_surname="Arall").id
    for view in ("on roll", "leavers", "all"):
        assert theirs not in {
            row.account for row in people.learners(school=PRIMARY, language="cy", view=view, size=None).rows
        }  # type: ignore[arg-type]
    for account in (theirs, their_staff, uuid4()):
        assert people.learner(account=account, school=PRIMARY, language="cy") is None
        assert staff.staff_member(account=account, school=PRIMARY, language="cy") is None
    assert people.class_(school=PRIMARY, name="9A", language="cy") == ()
    assert people.classes(school=PRIMARY, only=("9A",)) == ()
    for view in ("current", "leavers", "starting soon"):
        rows = staff.staff(school=PRIMARY, language="cy", view=view, size=None).rows  # type: ignore[arg-type]
        assert not {"Arall", "Newydd"} & {row.surname for row in rows}
    everything = {"since": JULY - 9 * DAY, "until": JULY + 9 * DAY, "language": "cy", "size": None}
    came = moves.arrivals(school=PRIMARY, **everything)[1]  # type: ignore[arg-type]
    assert {arrival.learner.surname for arrival in came} == set(WELSH)
    assert moves.departures(school=PRIMARY, **everything) == (0, ())  # type: ignore[arg-type]


def test_a_wait_shows_nothing_of_the_holders_learner() -> None:
    """On roll here while another school holds the account: not in this school's lists."""
    deliver([*SECOND, pupil(1, "Ddu", "Siân", year_group="7")], school=SECONDARY, on=JULY + DAY)
    assert shown(SECONDARY, view="all") == ["O'Neill"]
    assert people.learner(account=of(1), school=SECONDARY, language="en") is None


def test_a_guest_is_shown_as_one() -> None:
    """R7: in the lists of the school that has them as a guest, and no more when they are gone."""
    guest = pupil(1, "Ddu", "Siân", enrolment_status="S", year_group="7")
    deliver([*SECOND, guest], school=SECONDARY, on=JULY + DAY)
    rows = {row.surname: row for row in people.learners(school=SECONDARY, language="en").rows}
    assert (rows["Ddu"].guest, rows["Ddu"].year_group, rows["O'Neill"].guest) == (True, "7", False)


def test_a_list_is_few_queries() -> None:
    """Five at most, also with those who moved on."""
    moved(preferred_surname="Newydd")
    period = {"since": JULY, "until": JULY + 9 * DAY, "language": "cy"}
    asked: list[Any] = [
        lambda: people.learners(school=PRIMARY, language="cy", view="all", search="wyn"),
        lambda: people.learner(account=of(3), school=PRIMARY, language="cy"),
        lambda: people.class_(school=PRIMARY, name="6G", language="cy"),
        lambda: people.similar(school=PRIMARY, search="wyn", language="cy", view="all"),
        lambda: staff.staff(school=PRIMARY, language="cy"),
        lambda: moves.departures(school=PRIMARY, **period),  # type: ignore[arg-type]
    ]
    for ask in asked:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask()
        assert len(queries) <= 5
