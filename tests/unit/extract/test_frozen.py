"""Values that are made by the million behave as any frozen dataclass."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from hwb.extract.frozen import made_often
from hwb.extract.records import LearnerRecord


@made_often
@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    names: tuple[str, ...] = ()


def test_arguments_defaults_equality_and_hash_are_those_of_a_dataclass() -> None:
    assert Point(1) == Point(x=1, y=2, names=())
    assert Point(1, 3) != Point(1)
    assert hash(Point(1)) == hash(Point(1, 2))
    assert repr(Point(1, names=("a",))) == "Point(x=1, y=2, names=('a',))"
    assert replace(Point(1), y=5) == Point(1, 5)


def test_an_instance_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]


def test_a_missing_or_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        LearnerRecord("U", "A", "B", nickname="C")  # type: ignore[call-arg]


def test_a_default_made_anew_for_each_instance_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Bag:
        things: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match="made anew"):
        made_often(Bag)


def test_a_class_without_slots_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        x: int

    with pytest.raises(TypeError, match="slots"):
        made_often(Loose)
