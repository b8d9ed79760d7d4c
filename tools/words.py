"""The word lists of generated passwords: `python -m tools.words` makes them anew, with --check it only compares.

`--add cy FILE` offers more words, one a line. Every word passes the same rules: four to eight plain letters, not on
the list of words left out (tools/word_lists/left_out_*.txt: unsuitable on a slip that is handed to a child, or hard to
spell), not the beginning of another and not to be mistaken for one on paper.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTS = ROOT / "src/hwb/lifecycle/words"
LEFT_OUT = ROOT / "tools/word_lists"
LANGUAGES = ("en", "cy")
FEWEST = 2_048
_WORD = re.compile(r"[a-z]{4,8}")
#: Letters that look like one another on paper: of two words that differ only by these, the first stays.
_ALIKE = (("rn", "m"), ("nn", "m"), ("cl", "d"), ("vv", "w"), ("ii", "u"), ("li", "h"), ("lc", "k"))


def choose(candidates: Iterable[str], left_out: frozenset[str]) -> list[str]:
    """The words that pass every rule, in order."""
    chosen: list[str] = []
    shapes: set[str] = set()
    for word in sorted(set(candidates)):
        if not _WORD.fullmatch(word) or word in left_out or shape(word) in shapes:
            continue
        if chosen and word.startswith(chosen[-1]):
            continue
        chosen.append(word)
        shapes.add(shape(word))
    return chosen


def shape(word: str) -> str:
    """The word as a hasty reader sees it."""
    for letters, like in _ALIKE:
        word = word.replace(letters, like)
    return word


def read(path: Path) -> list[str]:
    """The words of a file; a line that begins with # is a remark."""
    return [word for line in path.read_text("utf-8").splitlines() if line[:1] != "#" for word in line.split()]


def left_out(language: str) -> frozenset[str]:
    return frozenset(read(LEFT_OUT / f"left_out_{language}.txt"))


def faults(language: str, more: Iterable[str] = ()) -> Iterator[str]:
    """What is wrong with a list as it stands."""
    path = LISTS / f"{language}.txt"
    words = read(path)
    chosen = choose([*words, *more], left_out(language))
    for word in sorted(set(words) ^ set(chosen)):
        yield f"{path.name}: {word} {'must go' if word in words else 'is missing'}"
    if words != sorted(set(words)):
        yield f"{path.name}: not in order, or a word twice"
    if len(chosen) < FEWEST:
        yield f"{path.name}: {len(chosen)} words, not {FEWEST}"


def write(language: str, more: Iterable[str] = ()) -> int:
    """Makes the list anew from its own words and `more`; returns how many it has."""
    path = LISTS / f"{language}.txt"
    own = read(path) if path.exists() else []
    chosen = choose([*own, *more], left_out(language))
    path.write_text("".join(f"{word}\n" for word in chosen), "utf-8")
    return len(chosen)


def main(arguments: list[str]) -> int:
    added: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    if "--add" in arguments:
        language, file = arguments[arguments.index("--add") + 1 :][:2]
        added[language] = read(Path(file))
    if "--check" not in arguments:
        for language in LANGUAGES:
            print(f"{language}: {write(language, added[language])} words")
    found = [fault for language in LANGUAGES for fault in faults(language)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
