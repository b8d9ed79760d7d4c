"""Accounts with what services that follow them need to know, and where each stands with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hwb.directory.queries.rows import fetch
from hwb.lifecycle.service_accounts import AccountFacts, Place, Standing, State
from hwb.lifecycle.work_spaces import Access, Granted


def facts_of(accounts: Sequence[str]) -> dict[str, AccountFacts]:
    """Each account as it stands, with its open placements and what the schools' newest words say of them."""
    places: dict[str, list[Place]] = {}
    rows = fetch(_FACTS, {"accounts": list(accounts)})
    for row in rows:
        if row["school"] is not None:
            classes = (row["registration_group"] or "", *(row["classes"] or ()), *(row["taught"] or ()))
            place = Place(row["school"], row["role"], row["year_group"] or "", tuple(filter(None, classes)))
            places.setdefault(row["account"], []).append(place)
    return {
        row["account"]: AccountFacts(
            row["account"], row["kind"], row["active"], row["email"], row["surname"], row["forename"],
            tuple(places.get(row["account"], ())), row["last"] or "", tuple(map(_granted, row["granted"] or ())),
        )
        for row in rows
    }  # fmt: skip


def _granted(row: Mapping[str, Any]) -> Granted:
    access = Access(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]), row["needed"] == "copy")
    return Granted(row["school"], row["earlier"], access)


def standing(mail: Mapping[str, Any] | None) -> Standing | None:
    """What the column :data:`MAIL` says."""
    if mail is None:
        return None
    return Standing(State(mail["state"]), datetime.fromisoformat(mail["since"]) if mail["since"] else None)


def school_names(schools: Collection[str]) -> dict[str, str]:
    """What groups of a school are called, in both languages where it has two names; its number where it has none."""
    names = dict.fromkeys(schools, "") | {
        row["dfes"]: " / ".join(dict.fromkeys(filter(None, (row["name_cy"], row["name_en"]))))
        for row in fetch(
            "SELECT dfes, name_cy, name_en FROM establishment WHERE dfes = ANY(%(schools)s)", {"schools": list(schools)}
        )
    }
    return {school: name or school for school, name in names.items()}


#: A column beside an `account a`: how e-mail and files stand; NULL where no such service follows it.
MAIL = """(
    SELECT jsonb_build_object('state', k.state, 'since', CASE WHEN k.due_at IS NOT NULL THEN k.waits_since END)
    FROM connector c JOIN connected_account k ON k.connector = c.id AND k.account = a.id
    WHERE c.removed_at IS NULL AND c.kind = 'microsoft365' AND (k.due_at IS NOT NULL OR k.state <> '')
    ORDER BY k.due_at IS NULL, c.name LIMIT 1
) AS mail"""
_FACTS = """
SELECT a.id::text AS account, a.kind, a.active, a.email,
       COALESCE(NULLIF(a.preferred_surname, ''), a.legal_surname) AS surname,
       COALESCE(NULLIF(a.preferred_forename, ''), a.legal_forename) AS forename,
       p.school, p.role, w.year_group, w.registration_group, w.classes, t.taught,
       CASE WHEN p.id IS NULL THEN (
           SELECT e.school FROM placement e WHERE e.account = a.id AND e.role <> 'guest'
           ORDER BY e.ended DESC, e.id DESC LIMIT 1
       ) END AS last,
       (SELECT jsonb_agg(jsonb_build_object('school', r.school, 'earlier', r.earlier_school, 'first', r.first_day,
                                            'last', r.last_day, 'needed', r.needed) ORDER BY r.number)
        FROM work_request r WHERE r.account = a.id AND r.state = 'granted') AS granted
FROM account a
LEFT JOIN placement p ON p.account = a.id AND p.ended IS NULL
LEFT JOIN LATERAL (
    SELECT l.year_group, l.registration_group, l.classes FROM upn u JOIN learner_record l ON l.upn = u.upn
    WHERE u.account = a.id AND l.school = p.school ORDER BY l.upn = a.upn DESC LIMIT 1
) w ON p.role IN ('holding', 'guest')
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT name) AS taught FROM staff_record s, unnest(s.classes) AS name
    WHERE s.account = a.id AND s.school = p.school
) t ON p.role = 'post'
WHERE a.id = ANY(%(accounts)s::uuid[]) ORDER BY a.id, p.id
"""
