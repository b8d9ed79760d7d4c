"""Classes that sign in together: the open session of a class, its devices, and what a device may see (ux.md A4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from hwb.directory.queries.rows import fetch

State = Literal["in", "asks", "refused"]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session of a class; times are those of the real clock."""

    session: UUID
    school: str
    class_name: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that typed the class code."""

    device: UUID
    number: int
    state: State


@dataclass(frozen=True, slots=True)
class Joined:
    """A device's place in an open session."""

    session: SessionRow
    number: int
    state: State


def of_class(school: str, class_name: str, *, at: datetime) -> SessionRow | None:
    """The open session of a class."""
    found = fetch(
        _OPEN + "AND s.school = %(school)s AND s.class_name = %(class)s",
        {"school": school, "class": class_name, "at": at},
    )
    return SessionRow(**found[0]) if found else None


def is_taken(place: UUID, *, at: datetime) -> bool:
    """Whether the session of the child with this place goes on."""
    return bool(fetch(_PLACE, {"place": place, "at": at}))


def of_device(device: str, *, at: datetime) -> Joined | None:
    """Where a device is in, or asks to be let in; the newest of several."""
    if not device:
        return None
    found = fetch(_OF_DEVICE, {"device": device, "at": at})
    if not found:
        return None
    row = found[0]
    number, state = row.pop("number"), row.pop("state")
    return Joined(SessionRow(**row), number, state)


def devices(session: UUID) -> list[DeviceRow]:
    """All devices of a session, in the order in which they came."""
    return [
        DeviceRow(**row)
        for row in fetch(
            "SELECT id AS device, number, state FROM class_device WHERE session = %(session)s ORDER BY number",
            {"session": session},
        )
    ]


_OPEN = """
SELECT s.id AS session, s.school::text, s.class_name, s.ends_at FROM class_session s
WHERE s.ended_at IS NULL AND s.ends_at > %(at)s
"""
_PLACE = """
SELECT 1 FROM class_place p JOIN class_device d ON d.id = p.device JOIN class_session s ON s.id = d.session
WHERE p.id = %(place)s AND d.state = 'in' AND s.ended_at IS NULL AND s.ends_at > %(at)s
"""
_OF_DEVICE = """
SELECT s.id AS session, s.school::text, s.class_name, s.ends_at, d.number, d.state
FROM class_device d JOIN class_session s ON s.id = d.session
WHERE d.device = %(device)s AND s.ended_at IS NULL AND s.ends_at > %(at)s
ORDER BY s.started_at DESC LIMIT 1
"""
