"""The wire format ``hwb-snapshot/1``: one extract as JSON, with declared counts and an end marker.

Rows travel as arrays of text in the order of the declared columns. Whatever is wrong with a body is a
:class:`WireError`, never another exception (reliability.md, inputs 2, 3, 39).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NoReturn

from hwb.extract.fields import show
from hwb.extract.problems import WORDINGS
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract, Problem, Row
from hwb.extract.texts import N_, Text

FORMAT = "hwb-snapshot/1"
LARGEST = 50 * 1024 * 1024
LONGEST_FIELD = 4000
DEEPEST = 20
_COLUMNS = {"learners": ("record", *LEARNER_COLUMNS), "staff": ("record", *STAFF_COLUMNS)}
_KINDS = frozenset({"learner", "staff"})
_MIS = frozenset({"sims", "teacher-centre", "oneroster", "ctf", "hwb"})
#: More than any school has; brackets and commas also tell how much memory the parsed body would take.
MOST_BRACKETS = 60_000
MOST_COMMAS = 2_000_000
_YEARS = range(1990, 2201)
#: Texts, then brackets. Possessive, and an unclosed text runs to the end: one pass, whatever is in the body.
_BRACKETS = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"?[,:\s]*+)++|([\[{])|([\]}])', re.DOTALL)
#: Of a body. What a newer client may add is passed over.
_KNOWN = frozenset(
    {
        "format",
        "school",
        "as_at",
        "mis",
        "covers",
        "columns",
        "counts",
        "dropped",
        "notices",
        "learners",
        "staff",
        "end",
    }
)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class WireError(ValueError):
    """A body that is no snapshot. ``code`` is stable, ``status`` HTTP's, ``text`` for people."""

    def __init__(self, code: str, status: int, text: Text) -> None:
        super().__init__(code)
        self.code, self.status, self.text = code, status, text


def dump(extract: Extract) -> bytes:
    """The extract as a body."""
    content = {
        "format": FORMAT,
        "school": extract.school,
        "as_at": extract.as_at.isoformat(),
        "mis": extract.mis,
        "covers": sorted(extract.covers),
        "columns": {name: list(columns) for name, columns in _COLUMNS.items()},
        "counts": {"learners": len(extract.learners), "staff": len(extract.staff)},
        "dropped": [show(name) for name in extract.dropped],
        "notices": [_sent(notice) for notice in extract.notices],
        "learners": extract.learners,
        "staff": extract.staff,
        "end": FORMAT,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _sent(notice: Problem) -> list[Any]:
    values = [[name, show(value)] for name, value in notice.values]
    return [notice.code, show(notice.record), notice.field, show(notice.value), notice.kind, values]


def load_again(body: bytes) -> Extract:
    """The extract in a body that :func:`load` has taken before; what it refuses is not looked for once more."""
    return _extract(json.loads(body), again=True)


def load(body: bytes) -> Extract:
    """The extract in a body. Raises WireError."""
    if len(body) > LARGEST:
        raise WireError("too_large", 413, Text(N_("The data is larger than 50 MiB.")))
    _check_shape(body)
    try:
        content = json.loads(
            body.decode("utf-8"), object_pairs_hook=_no_twice, parse_constant=_no_number, parse_float=_no_number
        )
    except UnicodeDecodeError:
        raise WireError("not_utf8", 400, Text(N_("The data is not UTF-8."))) from None
    except WireError:
        raise
    except (ValueError, RecursionError):
        raise WireError("not_json", 400, Text(N_("The data is damaged or incomplete."))) from None
    if isinstance(content, dict) and any(_is_deep(content[name], DEEPEST) for name in content.keys() - _KNOWN):
        raise WireError("too_deep", 400, Text(N_("The data is nested too deeply.")))
    try:
        return _extract(content)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError("not_a_snapshot", 400, Text(N_("The data is not a snapshot."))) from None


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("duplicate_key", 400, Text(N_("The data names one thing twice.")))
    return found


def _no_number(_text: str) -> NoReturn:
    """NaN, Infinity and 1e999 are no data; the format has whole counts only."""
    raise WireError("not_json", 400, Text(N_("The data is damaged or incomplete.")))


def _check_shape(body: bytes) -> None:
    """Refuses, before it is parsed, a body nested deeper than DEEPEST or of more parts than any school's."""
    if body.count(b"[") + body.count(b"{") > MOST_BRACKETS or body.count(b",") > MOST_COMMAS:
        raise WireError("too_large", 413, Text(N_("The data has more parts than any school's.")))
    if _is_plainly_flat(body):
        return
    depth = 0
    for found in _BRACKETS.finditer(body):
        if found[1]:
            depth += 1
            if depth > DEEPEST:
                raise WireError("too_deep", 400, Text(N_("The data is nested too deeply.")))
        elif found[2]:
            depth -= 1


def _is_plainly_flat(body: bytes) -> bool:
    """Whether the brackets alone pair off within the depth allowed: the quick answer for what schools send.

    Brackets in texts are taken for real ones, so they can hide a depth: of what is known, every part has its form; what
    is not is looked at once it is parsed, and the parser has a limit of its own.
    """
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(DEEPEST // 2):  # each time up to one depth of either kind goes
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _is_deep(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left < 0 or any(_is_deep(part, left - 1) for part in parts)


def _extract(content: Any, *, again: bool = False) -> Extract:
    if not isinstance(content, dict) or content["format"] != FORMAT:
        raise WireError("unknown_format", 400, Text(N_("The data has an unknown format.")))
    if content["end"] != FORMAT:
        raise WireError("truncated", 400, Text(N_("The data is damaged or incomplete.")))
    as_at = datetime.fromisoformat(content["as_at"])
    covers = frozenset(content["covers"])
    if as_at.tzinfo is None or as_at.year not in _YEARS or content["mis"] not in _MIS or not covers <= _KINDS:
        raise ValueError(content["as_at"])
    if again:
        learners, staff = (tuple(map(tuple, content[name])) for name in ("learners", "staff"))
    else:
        learners, staff = _rows(content, "learners"), _rows(content, "staff")
    if (learners and "learner" not in covers) or (staff and "staff" not in covers):
        raise ValueError(content["covers"])
    return Extract(
        _text(content["school"]),
        as_at,
        content["mis"],
        covers,
        learners,
        staff,
        tuple(_text(name) for name in content["dropped"]),
        tuple(_notice(*notice) for notice in content["notices"] if notice[0] in WORDINGS),
    )


def _notice(code: str, record: Any, name: Any, value: Any, kind: Any, values: Any) -> Problem:
    """A notice of the reader; those that a newer client may know and this table does not are left out before."""
    if kind not in _KINDS:
        raise ValueError(kind)
    return Problem(code, _text(record), _text(name), _text(value), kind, tuple((_text(a), _text(b)) for a, b in values))


def _text(value: Any) -> str:
    """A text that is stored as it is: no NUL, which PostgreSQL does not have, nor what turns a line round."""
    if not isinstance(value, str) or len(value) > LONGEST_FIELD or not value.isprintable():
        raise TypeError(value)
    return value


def _rows(content: dict[str, Any], name: str) -> tuple[Row, ...]:
    rows = content[name]
    if len(rows) != content["counts"][name]:
        raise WireError("count_differs", 400, Text(N_("The data is damaged or incomplete.")))
    if tuple(content["columns"][name]) != _COLUMNS[name]:
        raise WireError("unknown_columns", 422, Text(N_("The data has unknown columns.")))
    width = len(_COLUMNS[name])
    for row in rows:
        # another width is a bad record, which never blocks the good ones: it is judged with them
        if type(row) is not list or not 0 < len(row) <= 2 * width:
            raise WireError("bad_row", 400, Text(N_("The data is damaged or incomplete.")))
        for value in row:
            if type(value) is not str or len(value) > LONGEST_FIELD:
                raise WireError("bad_row", 400, Text(N_("The data is damaged or incomplete.")))
    return tuple(map(tuple, rows))
