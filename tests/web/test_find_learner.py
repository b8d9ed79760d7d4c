"""Find my learner (ux.md B12): each code's answer, whom a school may see, and what is written down of it."""

from __future__ import annotations

import html as entities
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support import explanations
from tests.support.asking import ask_learner, asker
from tests.support.deliveries import JULY, deliver, learner_row
from tests.support.explanations import SITUATIONS, Asked, arriving, at_primary, at_secondary
from tests.support.languages import foreign_texts
from tests.support.people import PRIMARY, SECONDARY, upn

from hwb.directory.models import Account, Audit, Search
from hwb.lifecycle import explain
from hwb.operations import protection, searches

pytestmark = pytest.mark.django_db
LEARNER_SITUATIONS = [name for name in SITUATIONS if name.startswith("LX")]
#: What a school is told of a learner whom it does not have, or not yet.
WITHOUT_RECORD = ("LX03", "LX04", "LX05", "LX06", "LX07", "LX08", "LX09", "LX10", "LX16", "LX21", "LX23", "LX27")
ADDRESS = f"/en/school/{SECONDARY}/find-learner/"


@pytest.fixture(autouse=True)
def july(monkeypatch: pytest.MonkeyPatch) -> None:
    on_day(monkeypatch, JULY + timedelta(days=1))
    explanations.start()


def on_day(monkeypatch: pytest.MonkeyPatch, day: object) -> None:
    monkeypatch.setenv("HWB_NOW", f"{day}T18:00:00+00:00")


def text_of(answer: object) -> str:
    """What the page has; without its CSRF tokens, whose letters may be anything."""
    page = re.sub(r'csrfmiddlewaretoken" value="[^"]*', "", answer.content.decode())  # type: ignore[attr-defined]
    return entities.unescape(page)


@pytest.mark.parametrize("situation", LEARNER_SITUATIONS)
def test_each_code_is_on_the_page_in_both_languages(situation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ux.md 15, check 2: code, headline, owner, next step and every link, as the engine gives them."""
    asked = SITUATIONS[situation]()
    on_day(monkeypatch, asked.on)
    found = asked.answer()
    client = asker(asked.school)
    for language in ("en", "cy"):
        answer = ask_learner(client, asked, language)
        shown = text_of(answer)
        assert answer.status_code == 200
        said = [explain.say(text, language) for text in (found.headline, found.next_step)]
        said += [explain.say(link.question, language) for link in found.chain]
        for text in (situation[:4], explain.owner_name(found.owner, language), *said):
            assert text in shown
        assert asked.upn not in answer.redirect_chain[-1][0]
        assert not foreign_texts(answer.content, language)


def test_another_schools_learner_is_not_found_by_name() -> None:
    """ux.md 15, check 8."""
    client = asker(SECONDARY)
    name = Account.objects.get(upn=upn(1)).legal_surname
    shown = text_of(ask_learner(client, Asked(school=SECONDARY), "en", asked=name))
    assert "None of your learners, present or past, has this name." in shown
    assert upn(1) not in shown
    assert not Audit.objects.filter(action="look-up").exists()


def test_by_upn_no_more_than_section_2_allows_and_it_is_recorded() -> None:
    """ux.md 15, check 8: the school, its authority, its last run, whether a leaving date came; nothing else."""
    client = asker(SECONDARY)
    account = Account.objects.get(upn=upn(1))
    shown = text_of(ask_learner(client, Asked(upn(1), school=SECONDARY), "en"))
    assert f"School {PRIMARY}" in shown
    assert "Glan Enfys Council" in shown
    assert "2 July 2018" in shown
    hidden = (account.legal_surname, account.legal_forename, account.username, account.email, str(account.id), "6G")
    assert [text for text in hidden if text in shown.replace(upn(1), "")] == []
    entry = Audit.objects.get(action="look-up")
    assert (entry.school, entry.account, entry.chain) == (SECONDARY, account.id, SECONDARY)
    assert entry.actor.startswith("account ")


def test_own_learners_are_found_by_name_without_accents_and_never_recorded() -> None:
    """13.3; those who wait too, by the own data alone."""
    sian = arriving(50, legal_forename="Siân", legal_surname="Prŷs")
    at_secondary([sian, arriving(1, legal_forename="Mali", legal_surname="Reesb")], on=JULY + timedelta(days=1))
    client, about = asker(SECONDARY), Asked(school=SECONDARY)
    assert "LX01" in text_of(ask_learner(client, about, "en", asked="prys sian"))
    assert "LX04" in text_of(ask_learner(client, about, "en", asked="mali REESB"))
    for language in ("en", "cy"):
        both = ask_learner(client, about, language, asked="re")
        assert not foreign_texts(both.content, language)
        assert "Mali Reesb" in text_of(both)
    similar = text_of(ask_learner(client, about, "en", asked="Shan Prees"))
    assert "Similar names" not in similar
    assert not Audit.objects.filter(action="look-up").exists()


def test_a_refused_newcomer_is_found_by_name() -> None:
    at_primary([learner_row(7, year_group="", legal_forename="Gwenllian")], on=JULY + timedelta(days=1))
    client = asker(PRIMARY)
    assert "LX02" in text_of(ask_learner(client, Asked(school=PRIMARY), "en", asked="gwenllian"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter a UPN or a name"),
        ("A12", "a UPN has 13 characters, and this has 3"),
        ("A6712041O0000", "Look for the letter O in place of 0"),
        ("I671204100001", "it begins with a letter other than I, O and S"),
        (("B" if upn(1)[0] != "B" else "C") + upn(1)[1:], "most likely a typing mistake"),
    ],
)
def test_what_is_wrong_with_a_upn_is_said(typed: str, said: str) -> None:
    for language in ("en", "cy"):
        answer = ask_learner(
            asker(SECONDARY, role="head" if language == "cy" else "champion"),
            Asked(school=SECONDARY),
            language,
            asked=typed,
        )
        assert not foreign_texts(answer.content, language)
        if language == "en":
            assert said in text_of(answer)
            assert typed in text_of(answer)


def test_spaces_and_hyphens_in_a_upn_count_for_nothing() -> None:
    typed = f"{upn(20)[:4]} {upn(20)[4:8].lower()}-{upn(20)[8:]}"
    assert "LX01" in text_of(ask_learner(asker(SECONDARY), Asked(school=SECONDARY), "en", asked=typed))


def test_after_thirty_look_ups_the_page_asks_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver([learner_row(n) for n in range(100, 131)], school=explanations.OTHER, on=JULY)
    client = asker(SECONDARY)
    for number in range(100, 130):
        assert ask_learner(client, Asked(upn(number), school=SECONDARY), "en").status_code == 200
    late = ask_learner(client, Asked(upn(130), school=SECONDARY), "en")
    assert late.status_code == 429
    assert "Try again after 20:00" in text_of(late)  # 19:00 in London, and an hour
    assert ask_learner(client, Asked(upn(999), school=SECONDARY), "en").status_code == 429  # known to nobody
    assert ask_learner(client, Asked(upn(20), school=SECONDARY), "en").status_code == 200  # their own
    assert Audit.objects.filter(action="look-up").count() == 30
    monkeypatch.setenv("HWB_NOW", f"{JULY + timedelta(days=1)}T19:01:00+00:00")
    assert ask_learner(client, Asked(upn(130), school=SECONDARY), "en").status_code == 200


def test_a_protected_learner_answers_as_one_who_does_not_exist() -> None:
    """LX21: the same page, known or not."""
    for protect in ({"username": explanations.name(1)}, {"username": "", "upn": upn(99)}):
        protection.protect(**protect, reason="order", acting_user="support", now=datetime(2018, 7, 2, tzinfo=UTC))
    client = asker(SECONDARY)
    pages = [
        text_of(ask_learner(client, Asked(one, school=SECONDARY), "en")).replace(one, "UPN")
        for one in (upn(1), upn(99))
    ]
    bodies = [page[page.index("<main") : page.index("</main")] for page in pages]
    bare = [re.sub(r'(value|action)="[^"]*"', "", body) for body in bodies]
    assert bare[0] == bare[1]
    assert f"School {PRIMARY}" not in pages[0]


def test_many_at_once_are_counted_and_each_shown() -> None:
    at_secondary([arriving(1), arriving(2)], on=JULY + timedelta(days=1))
    client = asker(SECONDARY)
    pasted = f"{upn(1)}, {upn(2)}\n{upn(20)};{upn(99)} X12"
    answers = {
        language: ask_learner(client, Asked(school=SECONDARY), language, many=pasted, what="many")
        for language in ("en", "cy")
    }
    for language, answer in answers.items():
        assert not foreign_texts(answer.content, language)
    shown = text_of(answers["en"])
    rows = dict(part.split("</dt>", 1) for part in shown.split('__key">')[1:])
    counted = {label: value.split('__value">')[1].split("<")[0].strip() for label, value in rows.items()}
    assert counted == {"UPN to check": "2", f"Waiting for: School {PRIMARY}": "2", "Arrived": "1"}
    assert "5 learners" in shown
    year = text_of(ask_learner(client, Asked(school=SECONDARY), "en", year="7", what="year"))
    assert "2 learners" in year
    assert "Mali1 Reesb" in year


def test_many_have_as_many_queries_as_one() -> None:
    deliver([learner_row(n) for n in range(100, 400)], school=explanations.OTHER, on=JULY)
    client = asker(explanations.OTHER)
    address = f"/en/school/{explanations.OTHER}/find-learner/"
    counts = []
    for few in (2, 300):
        found = client.post(address, {"many": "\n".join(upn(n) for n in range(100, 100 + few)), "what": "many"})
        with CaptureQueriesContext(connection) as queries:
            page = client.get(found["Location"])
        assert len(page.content) < 60_000
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_too_many_at_once_are_told_apart() -> None:
    client = asker(SECONDARY)
    for many, said in (
        ("\n".join(map(upn, range(301))), "Enter at most 300 UPNs at once; these are 301"),
        (" , ", "Enter at least one UPN"),
    ):
        assert said in text_of(ask_learner(client, Asked(school=SECONDARY), "en", many=many, what="many"))
    assert not Search.objects.exists()


def test_a_search_is_the_accounts_own_and_over_after_a_day() -> None:
    first, second = asker(SECONDARY), asker(SECONDARY, role="head")
    address = first.post(ADDRESS, {"asked": upn(20)})["Location"]
    assert first.get(address).status_code == 200
    assert second.get(address).status_code == 404
    assert asker(PRIMARY).get(address.replace(SECONDARY, PRIMARY)).status_code == 404
    kept = Search.objects.get()
    assert upn(20).encode() not in bytes(kept.content)
    assert searches.forget(at=kept.created + timedelta(hours=23)) == 0
    assert searches.forget(at=kept.created + timedelta(hours=24)) == 1
    assert first.get(address).status_code == 404


def test_what_came_after_the_search_is_not_shown_without_a_record() -> None:
    """A GET writes nothing, so somebody whom another school has sent since is a look-up of its own."""
    client = asker(SECONDARY)
    address = client.post(ADDRESS, {"asked": upn(70)})["Location"]
    assert "LX11" in text_of(client.get(address))
    deliver([learner_row(70)], school=explanations.OTHER, on=JULY + timedelta(days=1))
    later = text_of(client.get(address))
    assert "The answer has changed since you searched." in later
    assert explanations.OTHER not in later.replace(address, "")
    assert f"School {explanations.OTHER}" in text_of(client.post(address, follow=True))
    assert Audit.objects.filter(action="look-up").count() == 1


@pytest.mark.parametrize("situation", LEARNER_SITUATIONS)
def test_the_record_gives_the_same_code(situation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """ux.md 15, check 2: B9 says what B12 says, wherever the school has a record of the learner."""
    asked = SITUATIONS[situation]()
    on_day(monkeypatch, asked.on)
    account = Account.objects.filter(upn=asked.upn).first()
    if account is None:
        return  # nobody has an account, so there is no record
    client = asker(asked.school)
    for language in ("en", "cy"):
        page = client.get(f"/{language}/school/{asked.school}/learners/{account.id}/")
        if page.status_code == 404:
            assert situation[:4] in WITHOUT_RECORD, "the school knows this learner"
            continue
        assert situation[:4] in text_of(page)
        assert explain.say(asked.answer().headline, language) in text_of(page)
        assert not foreign_texts(page.content, language)
