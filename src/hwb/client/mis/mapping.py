"""Mapping files: what a school's report calls our columns.

TOML, because people write it by hand. A key is a caption of the report, its value one of our columns::

    encoding = "windows-1252"   # delimited text only; without it UTF-8, or UTF-16 with a byte-order mark
    delimiter = ";"             # delimited text only; without it a comma

    [learners]
    "Pupil UPN" = "upn"
    "Known as" = "preferred_forename"

    [staff]
    "Initials" = "staff_code"
"""

from __future__ import annotations

import codecs
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from hwb.client.mis.reading import COLUMNS, ReadError, content_of
from hwb.extract.records import Kind
from hwb.extract.texts import N_, Text

_TABLES: dict[str, Kind] = {"learners": "learner", "staff": "staff"}


@dataclass(frozen=True, slots=True)
class Mapping:
    """Captions of a report and the columns they mean, by kind; for delimited text also how it is written."""

    captions: dict[Kind, dict[str, str]] = field(default_factory=dict)
    encoding: str = ""
    delimiter: str = ","

    def over(self, shipped: Mapping) -> Mapping:
        """This mapping with the shipped captions where it says nothing about a column."""
        captions: dict[Kind, dict[str, str]] = {}
        for kind in COLUMNS:
            own = self.captions.get(kind, {})
            taken = set(own.values())
            rest = {name: column for name, column in shipped.captions.get(kind, {}).items() if column not in taken}
            captions[kind] = rest | own
        return Mapping(captions, self.encoding, self.delimiter)


def load(path: Path) -> Mapping:
    """The mapping in a file. Raises ReadError (mapping_not_readable)."""
    return _parse(content_of(path), path.name)


def shipped(name: str) -> Mapping:
    """A mapping that the client ships, for the report definition that it ships."""
    return _parse((resources.files("hwb.client.mis") / f"{name}.toml").read_bytes(), name)


def _parse(content: bytes, name: str) -> Mapping:
    try:
        return _mapping(tomllib.loads(content.decode("utf-8-sig")))
    except (ValueError, TypeError, KeyError, LookupError, RecursionError):
        raise ReadError(
            "mapping_not_readable", Text(N_("The mapping file cannot be used: {name}"), {"name": name})
        ) from None


def _mapping(content: dict[str, Any]) -> Mapping:
    captions: dict[Kind, dict[str, str]] = {}
    encoding, delimiter = content.pop("encoding", ""), content.pop("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError(delimiter)
    if encoding:
        codecs.lookup(encoding)
    for table, pairs in content.items():
        kind = _TABLES[table]
        if not set(pairs.values()) <= set(COLUMNS[kind]):
            raise ValueError(table)
        captions[kind] = dict(pairs)
    return Mapping(captions, encoding, delimiter)
