"""How pages name people, year groups and states."""

from __future__ import annotations

from typing import Protocol

from hwb.web.words import N_, Text


class Named(Protocol):
    """Somebody with names, as received."""

    @property
    def surname(self) -> str: ...
    @property
    def forename(self) -> str: ...


def list_name(person: Named) -> str:
    """ "Rees, Mali": for lists, which go by surname."""
    return ", ".join(filter(None, (person.surname, person.forename)))


def full_name(person: Named) -> str:
    """ "Mali Rees": for titles and sentences."""
    return f"{person.forename} {person.surname}".strip()


def year_name(year_group: str) -> Text:
    """ "Year 7", "Reception", "Nursery 2"."""
    if not year_group:
        return Text(N_("No year group"))
    if year_group == "R":
        return Text(N_("Reception"))
    if year_group.startswith("N"):
        return Text(N_("Nursery {year}"), {"year": year_group[1:]})
    return Text(N_("Year {year}"), {"year": year_group})
