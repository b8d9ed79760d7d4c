"""What the demo says, in English or Welsh, from the catalogue `demo`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hwb.demo.authority import DemoSchool
from hwb.extract.texts import N_, Language, Text, Value, ngettext, render

DOMAIN = "demo"
_MONTHS = {7: N_("{day} July"), 9: N_("{day} September")}
_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Teller:
    """Prints one line after the other, each as soon as it is known."""

    language: Language

    def say(self, message: str, **values: Value) -> None:
        """A marked sentence with its gaps filled."""
        self.line(Text(message, values))

    def line(self, text: Text, *, indent: int = 2) -> None:
        print(" " * indent + self.words(text), flush=True)

    def heading(self, day: date, message: str) -> None:
        """A new day of the story: the date, and what it is about."""
        print(f"\n{self.words(Text(_MONTHS[day.month], {'day': day.day}))}: {self.words(Text(message))}", flush=True)

    def result(self, school: DemoSchool, result: Mapping[str, Any]) -> None:
        """What one run came to, with the records to be put right and why it is held."""
        counts = [self.words(text) for text in _figures(result)]
        told = ", ".join(counts) or self.words(Text(N_("nothing has changed")))
        print(f"  {self.name(school):{_WIDTH}} {self.words(_OUTCOMES[result['outcome']])}: {told}", flush=True)
        for item in result["refused"]:
            print(f"      {item['field']}: {item['needed']}. {item['fix']}", flush=True)
        for hold in result["holds"]:
            print(f"      {hold['text']}", flush=True)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as what stands in them."""
        lines = [headings, *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
        lines.insert(1, ["-" * width for width in widths])
        for line in lines:
            cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
            print(f"  {'  '.join(cells).rstrip()}", flush=True)

    def name(self, school: DemoSchool) -> str:
        return school.name_cy if self.language == "cy" else school.name_en

    def words(self, text: Text) -> str:
        return render(text, language=self.language, domain=DOMAIN)


_OUTCOMES = {
    "applied": Text(N_("applied")),
    "no change": Text(N_("no change")),
    "held": Text(N_("held")),
}


def _figures(result: Mapping[str, Any]) -> list[Text]:
    refused = len({item["record"] for item in result["refused"]})
    figures = [
        ngettext("{count} account created", "{count} accounts created", result["created"]),
        ngettext("{count} account claimed", "{count} accounts claimed", result["claimed"]),
        ngettext("{count} account updated", "{count} accounts updated", result["updated"]),
        ngettext("{count} account released", "{count} accounts released", result["released"]),
        ngettext("{count} learner waiting", "{count} learners waiting", result["waiting"]),
        ngettext("{count} person missing", "{count} people missing", result["missing"]),
        ngettext("{count} record refused", "{count} records refused", refused),
    ]
    return [text for text in figures if text.values["count"]]
