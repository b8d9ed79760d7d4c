"""The check of translations finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.translations import PLURALS, find_faults

HEADER = f'msgid ""\nmsgstr "{PLURALS}\\n"\n\n'
SIX = "".join(f'msgstr[{n}] "{{count}} ysgol"\n' for n in range(6))
GOOD = (
    f'msgid "Good {{name}}"\nmsgstr "Da {{name}}"\n\nmsgid "{{count}} school"\nmsgid_plural "{{count}} schools"\n{SIX}'
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one sentence of each kind, in the lifecycle domain."""
    (tmp_path / "lifecycle").mkdir()
    (tmp_path / "lifecycle/words.py").write_text(
        'A = N_("Good " "{name}")\nB = ngettext("{count} school", "{count} schools", 2)\n'
    )
    (tmp_path / "locale/cy/LC_MESSAGES").mkdir(parents=True)
    return tmp_path


def write(package: Path, catalogue: str) -> None:
    (package / "locale/cy/LC_MESSAGES/lifecycle.po").write_text(catalogue, encoding="utf-8")


def test_a_complete_catalogue_passes(package: Path) -> None:
    """Every sentence translated, all gaps and plural forms there: no fault."""
    write(package, HEADER + GOOD)
    assert find_faults(package) == []


def test_a_missing_catalogue_is_found(package: Path) -> None:
    """A package with sentences needs a catalogue."""
    assert find_faults(package) == ["lifecycle.po: missing; 2 sentences need it"]


@pytest.mark.parametrize(
    ("fault", "catalogue"),
    [
        ("missing", HEADER + GOOD.replace("Good {name}", "Bad {name}")),
        ("obsolete", HEADER + GOOD + '\nmsgid "Gone"\nmsgstr "Wedi mynd"\n'),
        ("obsolete", HEADER + GOOD + '\n#~ msgid "Gone"\n#~ msgstr "Wedi mynd"\n'),
        ("fuzzy", HEADER + "#, fuzzy\n" + GOOD),
        ("empty", HEADER + GOOD.replace("Da {name}", "")),
        ("gaps", HEADER + GOOD.replace("Da {name}", "Da {enw}")),
        ("gaps", HEADER + GOOD.replace("Da {name}", "Da")),
        ("gaps", HEADER + GOOD.replace("Da {name}", "Da {name")),
        ("forms", HEADER + GOOD.replace('msgstr[5] "{count} ysgol"\n', "")),
        ("plural", HEADER + GOOD.replace("{count} schools", "{count} Schools")),
        ("twice", HEADER + GOOD + '\nmsgid "Good {name}"\nmsgstr "Da {name}"\n'),
        ("header", 'msgid ""\nmsgstr "Language: cy\\n"\n\n' + GOOD),
        ("line", HEADER + GOOD + "rubbish\n"),
    ],
)
def test_each_fault_is_found(package: Path, fault: str, catalogue: str) -> None:
    """One planted fault, one kind of complaint at least."""
    write(package, catalogue)
    assert any(fault in found for found in find_faults(package))


def test_a_number_may_be_said_in_words(package: Path) -> None:
    """A plural form may leave out {count}: "un ysgol" says it."""
    write(package, HEADER + GOOD.replace('msgstr[1] "{count} ysgol"', 'msgstr[1] "un ysgol"'))
    assert find_faults(package) == []


def test_a_sentence_that_is_put_together_is_refused(package: Path) -> None:
    """Only a literal can be found, so only a literal may be marked."""
    (package / "lifecycle/more.py").write_text('C = N_("Good " + name)\n')
    write(package, HEADER + GOOD)
    assert any("literal" in found for found in find_faults(package))
