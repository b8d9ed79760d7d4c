"""The wire format: what goes in comes out, and nothing but a WireError ever answers a bad body."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.extract.rows import AS_AT, extract, learner, member

from hwb.extract import wire
from hwb.extract.check import check
from hwb.extract.problems import WORDINGS
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, Extract, Problem


def rows(columns: tuple[str, ...]) -> st.SearchStrategy[tuple[tuple[str, ...], ...]]:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    row = st.lists(text, min_size=len(columns) + 1, max_size=len(columns) + 1).map(tuple)
    return st.lists(row, max_size=3).map(tuple)


@given(
    rows(LEARNER_COLUMNS),
    rows(STAFF_COLUMNS),
    st.integers(631_300_000, 7_289_000_000),
    st.integers(-14, 14),
)
def test_what_is_dumped_is_loaded(learners: Any, staff: Any, seconds: int, hours: int) -> None:
    """Any rows come back as they were sent, and whatever they hold they can be judged."""
    as_at = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))
    sent = replace(extract(*learners, staff=staff, as_at=as_at), dropped=("House",))
    assert wire.load(wire.dump(sent)) == sent
    found = check(sent)
    people = len(found.learners) + len(found.staff) + len(found.refused)
    spare = sum(w.code in ("L28", "S20") for w in found.warnings)
    assert people + spare == len(learners) + len(staff)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(wire.dump(extract(learner()))))), JSON)
def test_any_value_in_any_place(key: str, value: object) -> None:
    """Whatever stands in a field of the header, the answer is an extract that can be judged, or a WireError."""
    content = json.loads(wire.dump(extract(learner(), staff=(member(),)))) | {key: value}
    with contextlib.suppress(wire.WireError):
        check(wire.load(json.dumps(content).encode()))


def changed(**changes: object) -> bytes:
    return json.dumps(json.loads(wire.dump(extract(learner()))) | changes).encode()


WHOLE = wire.dump(extract(learner()))


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (WHOLE[:-20], "not_json", 400),
        (WHOLE.replace(b'"learners":1', b'"learners":2'), "count_differs", 400),
        (WHOLE.replace(b'"learners":1', b'"learners":1e999'), "not_json", 400),
        (WHOLE.replace(b'"learners":1', b'"learners":NaN'), "not_json", 400),
        (WHOLE.replace(b'"mis":', b'"mis":"sims","mis":'), "duplicate_key", 400),
        (WHOLE.replace("Siân".encode(), b"Si\xe2n"), "not_utf8", 400),
        (changed(format="hwb-snapshot/2"), "unknown_format", 400),
        (changed(end=""), "truncated", 400),
        (changed(covers=["staff"]), "not_a_snapshot", 400),
        (changed(covers=["parents"]), "not_a_snapshot", 400),
        (changed(mis="paper"), "not_a_snapshot", 400),
        (changed(as_at="0001-01-01T00:00:00+14:00"), "not_a_snapshot", 400),
        (changed(as_at="2018-09-04T10:00:00"), "not_a_snapshot", 400),
        (changed(school="671\x004041"), "not_a_snapshot", 400),
        (changed(dropped=["a\x00"]), "not_a_snapshot", 400),
        (changed(learners=[["row 2", 7]]), "bad_row", 400),
        (changed(learners=[["x" * 4001, *learner()[1:]]]), "bad_row", 400),
        (b"[ " * 21 + b"]" * 21, "too_deep", 400),
        (b'{"a":[' * 11 + b"0" + b"]}" * 11, "too_deep", 400),
        (b'["]", [' * 15 + b"]" * 30, "too_deep", 400),
        (b'{"a": ["{[", ' * 11 + b"0" + b"]}" * 11, "too_deep", 400),
        (b'["]", ' * 100_000, "too_large", 413),
        (WHOLE.replace(b'"mis":', b'"new":' + b'["]",' * 30 + b"0" + b"]" * 30 + b',"mis":'), "too_deep", 400),
        (b'["]", ' * 50_000, "not_json", 400),  # the depth is hidden: the parser's own limit ends it
        (b"[" + b"[]," * 100_000 + b"[]]", "too_large", 413),
        (b" " * (wire.LARGEST + 1), "too_large", 413),
    ],
)
def test_bad_bodies(body: bytes, code: str, status: int) -> None:
    """Inputs 2, 39: truncated, miscounted, damaged, too deep or too large bodies are refused, each for its reason."""
    with pytest.raises(wire.WireError) as refusal:
        wire.load(body)
    assert (refusal.value.code, refusal.value.status) == (code, status)


@pytest.mark.parametrize(
    "body",
    [
        b'[[["' + b'\\"' * 500_000, b'["' + b'","' * 500_000, b"[" * 500_000, b'{"a":' * 500_000, b'"' * 1_000_000,
        b"9" * 1_000_000, b"[" + b"{}," * 300_000 + b"{}]", b"[" + b"[]," * 300_000 + b"[]]",
    ],
    ids=["quotes", "texts", "lists", "objects", "empty texts", "digits", "many objects", "many lists"],
)  # fmt: skip
def test_hostile_bodies_cost_little(body: bytes) -> None:
    """Input 39: a megabyte made to be slow or to swell is refused at once and in less than 64 MB."""
    tracemalloc.start()
    try:
        begun = time.process_time()
        with pytest.raises(wire.WireError):
            wire.load(body)
        spent = time.process_time() - begun
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
    assert spent < 1


def test_notices() -> None:
    """Notices travel; one that only a newer client knows is left out, so that it stops nobody's run."""
    known = Problem("L29", "row 2", "legal_forename", "Ll?r")
    unknown = Problem("L999", "row 2", "legal_forename", "")
    sent = Extract("6714041", AS_AT, "hwb", frozenset({"learner"}), (learner(),), notices=(known, unknown))
    assert wire.load(wire.dump(sent)).notices == (known,)
    assert "L999" not in WORDINGS


def test_dropped_columns_are_named_whatever_they_are_called() -> None:
    """A column that nobody reads is named with its control characters shown as such, and stops nothing."""
    sent = replace(extract(learner(), as_at=datetime(2018, 9, 4, tzinfo=UTC)), dropped=("Home\x00address",))
    assert wire.load(wire.dump(sent)).dropped == ("Home\ufffdaddress",)
