"""Refused records: whom they are about, so that refusal is never absence (R8, R32)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from hwb.extract.records import Refused
from hwb.lifecycle import identity
from hwb.lifecycle.facts import LearnerEntry


def tie(
    refused: tuple[Refused, ...], own: dict[str, LearnerEntry], present: set[str]
) -> tuple[set[str], list[Refused]]:
    """UPNs of known people whose record had to be refused, and the refused records that could be anybody's.

    ``present``: UPNs with a usable record. A refused one that points at such a person only is somebody else's.
    """
    tied: set[str] = set()
    untied: list[Refused] = []
    if not any(item.kind == "learner" for item in refused):
        return tied, untied
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for upn, entry in own.items():
        record = entry.record
        keys["upn", upn].add(upn)
        if record.mis_id:
            keys["mis_id", record.mis_id].add(upn)
        if record.admission_number:
            keys["admission_number", record.admission_number].add(upn)
        keys["name", _name_key(record.legal_surname, record.legal_forename, record.birth_date)].add(upn)
    for item in refused:
        if item.kind != "learner":
            continue
        found = {
            upn
            for key in (
                ("upn", item.upn), ("upn", item.former_upn), ("mis_id", item.mis_id),
                ("admission_number", item.admission_number),
                ("name", _name_key(item.legal_surname, item.legal_forename, item.birth_date)),
            )
            for upn in keys.get(key, ())
        }  # fmt: skip
        if found:
            tied |= found
        if found <= present:
            untied.append(item)
    return tied, untied


def _name_key(surname: str, forename: str, birth_date: date | None) -> str:
    return f"{identity.folded(surname)}|{identity.folded(forename)}|{birth_date}"
