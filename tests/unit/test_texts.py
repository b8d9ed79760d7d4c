"""Sentences in English and Welsh, from catalogues without any tool."""

from __future__ import annotations

import gettext
import io
import pickle
from pathlib import Path

import pytest

from hwb.extract import texts
from hwb.extract.catalogue import CatalogueNotReadable, compile_catalogue, read_catalogue
from hwb.extract.texts import Text, ngettext, render, translate

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=6; plural=(n==0) ? 0 : (n==1) ? 1 : (n==2) ? 2 : (n==3) ? 3 :(n==6) ? 4 : 5;\\n"\n\n'
)
CATALOGUE = HEADER + (
    'msgid "The date {date} has passed."\nmsgstr "Mae\'r dyddiad {date} wedi mynd heibio."\n\n'
    'msgid "{count} learner"\nmsgid_plural "{count} learners"\n'
    'msgstr[0] "{count} dysgwr"\nmsgstr[1] "{count} dysgwr"\nmsgstr[2] "{count} ddysgwr"\n'
    'msgstr[3] "{count} dysgwr"\nmsgstr[4] "{count} dysgwr"\nmsgstr[5] "{count} o ddysgwyr"\n\n'
    '#, fuzzy\nmsgid "Guess"\nmsgstr "Dyfaliad"\n\n'
    'msgid "Two "\n"lines\\n"\nmsgstr "Dwy "\n"linell\\n"\n'
)


@pytest.fixture
def domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A catalogue of its own beside the installed ones."""
    folder = tmp_path / "locale/cy/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "sample.po").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setattr(texts.resources, "files", lambda _package: tmp_path)
    texts._translations.cache_clear()
    return "sample"


def test_a_gap_is_filled_in_both_languages(domain: str) -> None:
    """The same values stand in the gaps of the sentence in the reader's language."""
    text = Text("The date {date} has passed.", {"date": "31/08/2019"})
    assert render(text, language="en", domain=domain) == "The date 31/08/2019 has passed."
    assert render(text, language="cy", domain=domain) == "Mae'r dyddiad 31/08/2019 wedi mynd heibio."


@pytest.mark.parametrize(
    ("count", "english", "welsh"),
    [
        (0, "0 learners", "0 dysgwr"),
        (1, "1 learner", "1 dysgwr"),
        (2, "2 learners", "2 ddysgwr"),
        (3, "3 learners", "3 dysgwr"),
        (4, "4 learners", "4 o ddysgwyr"),
        (6, "6 learners", "6 dysgwr"),
        (11, "11 learners", "11 o ddysgwyr"),
    ],
)
def test_welsh_has_six_plural_forms(domain: str, count: int, english: str, welsh: str) -> None:
    """One English choice of two forms, one Welsh choice of six, by the same number."""
    text = ngettext("{count} learner", "{count} learners", count)
    assert render(text, language="en", domain=domain) == english
    assert render(text, language="cy", domain=domain) == welsh


def test_an_uncertain_translation_is_not_shown(domain: str) -> None:
    """A fuzzy entry is a guess of a tool: English is shown instead."""
    assert translate("Guess", language="cy", domain=domain) == "Guess"


def test_a_sentence_may_run_over_lines(domain: str) -> None:
    """Strings on several lines are one, and escapes are read."""
    assert translate("Two lines\n", language="cy", domain=domain) == "Dwy linell\n"


def test_a_missing_value_is_an_error(domain: str) -> None:
    """A gap without a value never reaches a reader as {date}."""
    with pytest.raises(KeyError):
        render(Text("The date {date} has passed.", {"day": "1"}), language="cy", domain=domain)


def test_a_text_travels(domain: str) -> None:
    """A Text can be compared, used as a key and pickled."""
    text = ngettext("{count} learner", "{count} learners", 2)
    assert pickle.loads(pickle.dumps(text)) == text
    assert len({text, ngettext("{count} learner", "{count} learners", 2)}) == 1


def test_every_kept_entry_is_found_by_gettext() -> None:
    """What we compile, the standard library's reader reads."""
    compiled = gettext.GNUTranslations(io.BytesIO(compile_catalogue(CATALOGUE)))
    for entry in read_catalogue(CATALOGUE):
        if not entry.plural and not entry.fuzzy and entry.message:
            assert compiled.gettext(entry.message) == entry.forms[0]


@pytest.mark.parametrize("bad", ['"alone"\n', 'msgid "a\n', "msgstr x\n", 'nonsense "a"\n', 'msgid 1\nmsgstr ""\n'])
def test_a_broken_catalogue_names_the_line(bad: str) -> None:
    """A catalogue that breaks the format is refused with its line."""
    with pytest.raises(CatalogueNotReadable, match=r"line \d+"):
        read_catalogue(bad)
