"""What the desk says by code (E9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One code's text that counts, and what is proposed in its place. ``used``: cases of this code so far."""

    code: str
    text_en: str = ""
    text_cy: str = ""
    changed_at: datetime | None = None
    draft_en: str = ""
    draft_cy: str = ""
    drafted_by: UUID | None = None
    used: int = 0

    def said(self, language: str) -> str:
        """The text that counts, empty where there is none."""
        return self.text_cy if language == "cy" else self.text_en


def every() -> dict[str, AnswerRow]:
    """By code; codes without any text are not there."""
    return {row["code"]: AnswerRow(**row) for row in fetch(_ANSWERS)}


def one(code: str) -> AnswerRow:
    """One code's, empty where nothing was written yet."""
    rows = fetch(f"{_ANSWERS} WHERE a.code = %(code)s", {"code": code})
    return AnswerRow(**rows[0]) if rows else AnswerRow(code)


_ANSWERS = """
SELECT a.code, a.text_en, a.text_cy, a.changed_at, a.draft_en, a.draft_cy, a.drafted_by,
       (SELECT count(*) FROM support_case c WHERE c.code = a.code) AS used
FROM answer a
"""
