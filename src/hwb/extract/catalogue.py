"""Reads and compiles message catalogues (.po to .mo) with the standard library alone.

The tree holds .po files only. A wheel carries compiled ones; in a tree they are compiled in memory when
first used, so that a sentence just written is never an old one.
"""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass, field


class CatalogueNotReadable(ValueError):
    """A .po file breaks the format; the message gives its line."""


@dataclass(slots=True)
class Entry:
    """One message: forms is one sentence, or one a plural form; fuzzy and obsolete are gettext's marks."""

    line: int
    message: str = ""
    plural: str | None = None
    forms: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False
    obsolete: bool = False


def read_catalogue(text: str) -> list[Entry]:
    """Every entry of a .po file, its header first (message ""). Raises CatalogueNotReadable."""
    entries: list[Entry] = []
    reader = _Reader(entries)
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            reader.take(line.strip(), number)
        except (ValueError, SyntaxError) as error:
            raise CatalogueNotReadable(f"line {number}: {error}") from error
    return entries


def compile_catalogue(text: str) -> bytes:
    """The .mo form of a .po file. Fuzzy, obsolete and empty entries are left out.

    Format: GNU gettext manual, "The Format of GNU MO Files".
    """
    pairs: dict[bytes, bytes] = {}
    for entry in read_catalogue(text):
        if entry.obsolete or entry.fuzzy or not all(entry.forms.values()) or not entry.forms:
            continue
        key = entry.message if entry.plural is None else f"{entry.message}\0{entry.plural}"
        pairs[key.encode()] = "\0".join(entry.forms[i] for i in sorted(entry.forms)).encode()
    return _pack(sorted(pairs.items()))


def _pack(pairs: list[tuple[bytes, bytes]]) -> bytes:
    count = len(pairs)
    keys_at, values_at = 28, 28 + 8 * count
    position = 28 + 16 * count
    tables: list[bytes] = []
    texts: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), position))
            texts.append(pair[column] + b"\0")
            position += len(pair[column]) + 1
    header = struct.pack("<7I", 0x950412DE, 0, count, keys_at, values_at, 0, position)
    return header + b"".join(tables) + b"".join(texts)


class _Reader:
    """Where the reading of one .po file stands."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._fuzzy = False
        self._slot: str | int | None = None  # what a following bare string continues

    def take(self, line: str, number: int) -> None:
        obsolete = line.startswith("#~")
        if obsolete:
            line = line[2:].strip()
        if line.startswith("#"):
            self._fuzzy = self._fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line.startswith('"'):
            self._append(_unquote(line))
        elif line:
            self._keyword(line, number, obsolete)

    def _keyword(self, line: str, number: int, obsolete: bool) -> None:
        word, _, rest = line.partition(" ")
        if word == "msgid":
            self._entries.append(Entry(number, fuzzy=self._fuzzy, obsolete=obsolete))
            self._fuzzy, self._slot = False, "message"
        elif word == "msgid_plural":
            self._last().plural, self._slot = "", "plural"
        elif word == "msgstr":
            self._last().forms[0], self._slot = "", 0
        elif word.startswith("msgstr[") and word.endswith("]"):
            self._slot = int(word[7:-1])
            self._last().forms[self._slot] = ""
        else:
            raise ValueError(f"unknown keyword {word!r}")
        self._append(_unquote(rest.strip()))

    def _append(self, text: str) -> None:
        entry = self._last()
        if self._slot == "message":
            entry.message += text
        elif self._slot == "plural":
            entry.plural = (entry.plural or "") + text
        elif isinstance(self._slot, int):
            entry.forms[self._slot] += text
        else:
            raise ValueError("a string that belongs to nothing")

    def _last(self) -> Entry:
        if not self._entries:
            raise ValueError("no msgid before this")
        return self._entries[-1]


def _unquote(quoted: str) -> str:
    value = ast.literal_eval(quoted)  # a .po string is written as in C, of which this is a part
    if not isinstance(value, str):
        raise ValueError(f"not a string: {quoted}")  # noqa: TRY004 - a fault of the file, not of a caller
    return value
