"""CSV files that spreadsheet programs open safely: UTF-8 with a mark, no cell that is a formula (ux.md 3.3)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.http import StreamingHttpResponse

from hwb.web.words import say

#: What makes a spreadsheet take a cell for a formula; the full-width forms count too.
_LEADS = "=+-@\t\r\n\0＝＋－＠"


def csv_response(name: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download. name: the file's, plain letters, without personal data; headings: sentences marked by N_.

    rows: values; None is an empty cell, dates are ISO. Passwords are never in a download.
    """
    said = [say(heading) for heading in headings]
    response = StreamingHttpResponse(_lines(said, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def safe_cell(value: object) -> str:
    """The value as a text that no spreadsheet takes for a formula: it gets an apostrophe before it."""
    text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
    text = text.replace("\0", "") if not text.startswith("\0") else text
    return f"'{text}".replace("\0", "") if text.lstrip(" ").startswith(tuple(_LEADS)) else text


def _lines(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "﻿"
    writer.writerow([safe_cell(heading) for heading in headings])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        if buffer.tell() > 16_384:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
