# ruff: noqa: S608 - statements are put together from the constants of this file only
"""People as a service may see them: those who are, or were, at its schools.

Of who is at none of them any more it is told that they are gone, under the name that the school's own word has, and
nothing that a later school said or did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hwb.directory.queries.roster import Field, Relation
from hwb.lifecycle.changes import ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a service may see: schools, None for all; and kinds of people. today: the calendar's day."""

    schools: tuple[str, ...] | None
    kinds: tuple[str, ...]
    today: date

    def may_see(self, school: str) -> bool:
        return self.schools is None or school in self.schools

    def of_school(self, school: str) -> Seen:
        """As much of one school; of none, where it is not to be seen."""
        return Seen(schools=(school,) if self.may_see(school) else (), kinds=self.kinds, today=self.today)

    def of_kinds(self, *kinds: str) -> Seen:
        return Seen(schools=self.schools, kinds=tuple(kind for kind in kinds if kind in self.kinds), today=self.today)

    @property
    def values(self) -> dict[str, Any]:
        return {
            "schools": list(self.schools or ()), "kinds": list(self.kinds), "today": self.today,
            "changes": [*map(str, ChangeKind), "username issued", "role grant", "role revoke"],
            "own": ["details", "state", "claim", "release", "username issued"],
        }  # fmt: skip

    def within(self, column: str) -> str:
        """The condition that a column's school may be seen."""
        return "true" if self.schools is None else f"{column} = ANY(%(schools)s::text[])"


def people(
    seen: Seen,
    *,
    teaching: bool = False,
    accounts: Collection[str] | None = None,
    fields: Mapping[str, Field] | None = None,
) -> Relation:
    """Accounts of the kinds, in the order in which they were made. teaching: staff with classes. accounts: of these.

    fields: what is filtered by where it is not OneRoster's.
    """
    here = _HERE.format(within=seen.within("p.school"), holds=seen.within("o.school"))
    parts = {
        "here": here, "within": seen.within("p.school"), "of_staff": seen.within("r.school"),
        "holds": seen.within("o.school"), "of_learners": seen.within("w.school"), "of_audit": seen.within("u.school"),
        "granted": seen.within("g.school"),
    }  # fmt: skip
    where = ["a.kind = ANY(%(kinds)s::text[])", _EVER.format(**parts)]
    values: dict[str, Any] = seen.values
    if teaching:
        where.append(_TEACHES.format(**parts))
    if accounts is not None:
        where.append("a.id = ANY(%(accounts)s::uuid[])")
        values["accounts"] = list(accounts)
    return Relation(
        source="account a", key=(("a.id", "uuid"),), where=tuple(where), values=values,
        columns=_COLUMNS.format(**parts), detail=f"JOIN account a ON a.id = page.k0 {_PLACES.format(**parts)}",
        fields={name: Field(known.sql.format(**parts), known.type) for name, known in (fields or FIELDS).items()},
    )  # fmt: skip


_EVER = "EXISTS (SELECT FROM placement p WHERE p.account = a.id AND {within})"
# In a grace (R39) services stay on, though no school holds the account any more.
_HERE = """(EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL AND {within})
    OR a.active AND NOT EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL)
       AND coalesce((SELECT {holds} FROM placement o WHERE o.account = a.id AND o.role = 'holding'
                     ORDER BY o.ended DESC LIMIT 1), false))"""
_TEACHES = """EXISTS (SELECT FROM staff_record r WHERE r.account = a.id AND r.classes <> '{{}}' AND {of_staff})"""
_HEADS = """EXISTS (SELECT FROM role_grant g WHERE g.account = a.id AND g.role = 'head' AND g.ended_at IS NULL
    AND (g.until IS NULL OR g.until >= %(today)s::date) AND {granted})"""
#: Of who is here also what another school, or support, changed about them themselves; of who left nothing later.
_MODIFIED = f"""date_trunc('milliseconds', coalesce((SELECT max(u.at) FROM audit u
    WHERE u.account = a.id AND u.action = ANY(%(changes)s::text[])
      AND ({{of_audit}} OR u.action = ANY(%(own)s::text[]) AND {_HERE})), a.created_at))"""
_GIVEN = "coalesce(nullif(a.preferred_forename, ''), a.legal_forename)"
_FAMILY = "coalesce(nullif(a.preferred_surname, ''), a.legal_surname)"
#: What may be filtered and sorted by. Of who has left, as good as nothing.
FIELDS: dict[str, Field] = {
    "sourcedId": Field("a.id", "person"),
    "status": Field("CASE WHEN {here} THEN 'active' ELSE 'tobedeleted' END"),
    "dateLastModified": Field(_MODIFIED, "moment"),
    "enabledUser": Field("a.active AND {here}", "flag"),
    "username": Field("CASE WHEN {here} THEN a.username ELSE '' END"),
    "email": Field("CASE WHEN {here} THEN a.email ELSE '' END"),
    "givenName": Field(f"CASE WHEN {{here}} THEN {_GIVEN} ELSE '' END"),
    "familyName": Field(f"CASE WHEN {{here}} THEN {_FAMILY} ELSE '' END"),
    "role": Field(f"CASE WHEN a.kind = 'learner' THEN 'student' WHEN {_HEADS} THEN 'administrator'"
                  f" WHEN {_TEACHES} THEN 'teacher' ELSE 'aide' END"),
    "birthDate": Field("CASE WHEN {here} THEN a.birth_date END", "date"),
}  # fmt: skip
#: The same for SCIM, by its names in small letters; strings are compared without case.
SCIM_FIELDS: dict[str, Field] = {
    "id": Field("a.id", "person"),
    "active": Field("a.active AND {here}", "flag"),
    "meta.lastmodified": Field(_MODIFIED, "moment"),
    "username": Field("lower(CASE WHEN {here} THEN a.username ELSE '' END)"),
    "displayname": Field(f"lower(CASE WHEN {{here}} THEN {_GIVEN} || ' ' || {_FAMILY} ELSE '' END)"),
    "name.formatted": Field(f"lower(CASE WHEN {{here}} THEN {_GIVEN} || ' ' || {_FAMILY} ELSE '' END)"),
    "name.givenname": Field(f"lower(CASE WHEN {{here}} THEN {_GIVEN} ELSE '' END)"),
    "name.familyname": Field(f"lower(CASE WHEN {{here}} THEN {_FAMILY} ELSE '' END)"),
    "emails.value": Field("lower(CASE WHEN {here} THEN a.email ELSE '' END)"),
    "usertype": Field("a.kind"),
    "employeenumber": Field("""coalesce((SELECT lower(r.employee_number) FROM staff_record r
        JOIN placement p ON p.account = a.id AND p.school = r.school AND p.role = 'post' AND p.ended IS NULL
        WHERE r.account = a.id AND {of_staff} ORDER BY p.began DESC, r.school LIMIT 1), '')"""),
    "schools.value": Field("""ARRAY(SELECT p.school::text FROM placement p
        WHERE p.account = a.id AND p.ended IS NULL AND {within})""", "texts"),
    "schools.yeargroup": Field("""ARRAY(SELECT lower(w.year_group) FROM upn n JOIN learner_record w ON w.upn = n.upn
        JOIN placement p ON p.account = a.id AND p.school = w.school AND p.ended IS NULL
        WHERE n.account = a.id AND {of_learners})""", "texts"),
}  # fmt: skip
_COLUMNS = f"""a.kind, {{here}} AS here, a.active, a.upn, a.username, a.email, {_GIVEN} AS given_name,
    {_FAMILY} AS family_name,
    a.birth_date, {_MODIFIED} AS modified, coalesce(s.places, '[]'::jsonb) AS places"""
#: Each school with the newest time there, what its word says, and what somebody is there; the one that counts first.
_PLACES = """LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'school', t.school, 'here', t.here, 'guest', t.guest, 'began', coalesce(w.start_date, t.began),
        'ended', least(t.ended, coalesce(w.leaving_date, t.ended)),
        'year', coalesce(w.year_group, ''), 'group', coalesce(w.registration_group, ''),
        'classes', to_jsonb(coalesce(w.classes, '{{}}')), 'forename', coalesce(w.forename, ''),
        'surname', coalesce(w.surname, ''),
        'code', coalesce(w.code, ''), 'number', coalesce(w.number, ''),
        'teaches', coalesce(w.teaches, false), 'head', coalesce(h.head, false),
        'name', (SELECT coalesce(nullif(e.name_en, ''), e.name_cy) FROM establishment e WHERE e.dfes = t.school)
    ) ORDER BY t.here DESC, t.guest, t.ended DESC NULLS FIRST, t.began DESC, t.school) AS places
    FROM (
        SELECT p.school, bool_or(p.ended IS NULL) AS here, bool_and(p.role = 'guest') AS guest,
               coalesce(max(p.began) FILTER (WHERE p.ended IS NULL), max(p.began)) AS began,
               CASE WHEN bool_and(p.ended IS NOT NULL) THEN max(p.ended) END AS ended
        FROM placement p WHERE p.account = a.id AND {within} GROUP BY p.school
    ) t
    LEFT JOIN LATERAL (
        SELECT w.year_group, w.registration_group, w.classes, w.start_date, w.leaving_date, false AS teaches,
               coalesce(nullif(w.preferred_forename, ''), w.legal_forename) AS forename,
               coalesce(nullif(w.preferred_surname, ''), w.legal_surname) AS surname, '' AS code, '' AS number
        FROM upn n JOIN learner_record w ON w.school = t.school AND w.upn = n.upn
        WHERE a.kind = 'learner' AND n.account = a.id
        UNION ALL
        SELECT '', '', r.classes, r.start_date, r.leaving_date, r.classes <> '{{}}',
               coalesce(nullif(r.preferred_forename, ''), r.legal_forename),
               coalesce(nullif(r.preferred_surname, ''), r.legal_surname), r.staff_code, r.employee_number
        FROM staff_record r WHERE a.kind = 'staff' AND r.school = t.school AND r.account = a.id
        LIMIT 1
    ) w ON true
    LEFT JOIN LATERAL (
        SELECT true AS head FROM role_grant g WHERE g.account = a.id AND g.school = t.school AND g.role = 'head'
          AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s::date) LIMIT 1
    ) h ON a.kind = 'staff'
) s ON true"""
