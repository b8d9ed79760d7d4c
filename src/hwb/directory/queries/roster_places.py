# ruff: noqa: S608 - statements are put together from the constants of this file only
"""Schools, their classes and who is in them, as a service may see them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from hwb.directory.queries.roster import Asked, Field, Relation, page
from hwb.directory.queries.roster_people import Seen
from hwb.directory.queries.rows import fetch

#: A class's name says too much for an address; its school and this much of its digest find it again.
_DIGEST = "left(encode(sha256(convert_to({name}, 'UTF8')), 'hex'), 16)"
#: The moment and day of a school's newest word, which says what year its classes are of (R37).
_RUN = """LEFT JOIN LATERAL (
    SELECT r.as_at, r.finished_at FROM run r
    WHERE r.school = s.dfes AND r.accepted_no IS NOT NULL AND r.state <> 'undone' ORDER BY r.accepted_no DESC LIMIT 1
) t ON true"""
_MODIFIED = "date_trunc('milliseconds', coalesce(t.finished_at, s.changed_at))"
#: Everyone whom a school's word, the newest about each, puts into a class: h registration groups, s other classes.
#: Of one school (`s`) after the other for a page, which may end early; of all at once where all are wanted.
_MEMBERS = """(
    SELECT r.school, u.account, 'student' AS role, c.kind, c.name, r.year_group, r.start_date, p.here
    FROM learner_record r
    JOIN upn u ON u.upn = r.upn
    JOIN account a ON a.id = u.account
    {learner_placed}
    CROSS JOIN LATERAL (
        SELECT 'h' AS kind, r.registration_group AS name WHERE r.registration_group <> ''
        UNION SELECT 's', unnest(r.classes)
    ) c
    WHERE {which} AND c.name <> '' AND (a.upn = r.upn OR NOT EXISTS (
        SELECT FROM learner_record n WHERE n.school = r.school AND n.upn = a.upn))
    UNION
    SELECT r.school, r.account, 'teacher', CASE WHEN g.name IS NULL THEN 's' ELSE 'h' END, n.name, '',
           r.start_date, p.here
    FROM staff_record r
    CROSS JOIN LATERAL unnest(r.classes) AS n(name)
    LEFT JOIN (SELECT DISTINCT r.school, r.registration_group AS name FROM learner_record r WHERE {which}) g
        ON g.school = r.school AND g.name = n.name
    {staff_placed}
    WHERE {which} AND n.name <> ''
)"""
_PLACED_HERE = """CROSS JOIN LATERAL (
        SELECT bool_or(x.ended IS NULL) AS here FROM placement x
        WHERE x.account = {account} AND x.school = r.school AND x.role {role} HAVING count(*) > 0
    ) p"""
_PLACED_ALL = """JOIN (
        SELECT x.account, x.school, bool_or(x.ended IS NULL) AS here FROM placement x
        WHERE x.role {role} GROUP BY x.account, x.school
    ) p ON p.account = {account} AND p.school = r.school"""
_CLASSES = """(
    SELECT m.school, m.kind, m.name COLLATE "C" AS name, bool_or(m.here) AS here,
           coalesce(array_agg(DISTINCT m.year_group) FILTER (WHERE m.here AND m.year_group <> ''), '{{}}') AS grades
    FROM {members} m GROUP BY m.school, m.kind, m.name
) c"""
#: The day of a school's newest word; of one without, today: what it has came to it from another (R43).
_DAY = "coalesce((t.as_at AT TIME ZONE 'Europe/London')::date, %(today)s::date)"
_AMONG_SCHOOLS = "s.dfes = ANY(%(among_schools)s::text[])"
_AMONG = """(s.dfes, {of}.kind, {of}.name) IN
    (SELECT j.s, j.k, j.n FROM jsonb_to_recordset(%(among)s::jsonb) AS j(s text, k text, n text))"""
#: Who is in a class changes also between runs, by dates and by what a school decides: the newest entry of its log.
_TOUCHED = f"""date_trunc('milliseconds', greatest({_MODIFIED},
    (SELECT u.at FROM audit u WHERE u.chain = s.dfes ORDER BY u.seq DESC LIMIT 1)))"""
_ONE = "r.school = s.dfes"
_CLASS_ID = f"s.dfes || '-' || c.kind || '-' || {_DIGEST.format(name='c.name')}"
_CLASS_STATUS = "CASE WHEN c.here THEN 'active' ELSE 'tobedeleted' END"


def _members(placed: str, which: str) -> str:
    return _MEMBERS.format(
        which=which, learner_placed=placed.format(account="u.account", role="<> 'post'"),
        staff_placed=placed.format(account="r.account", role="= 'post'"),
    )  # fmt: skip


_ALL_MEMBERS = _members(_PLACED_ALL, "true")


def _whole(seen: Seen, joined: str, school: str) -> str:
    """The source of what looks at every school at once; of a few schools one after the other is quicker."""
    return f"establishment s {_RUN} JOIN {joined} ON {school} = s.dfes" if seen.schools is None else ""


def orgs(seen: Seen, *, schools_only: bool = False, org: str | None = None) -> Relation:
    """Schools and, unless schools alone are asked for, their authorities; by number."""
    where = []
    values: dict[str, Any] = seen.values
    if schools_only:
        where.append("o.type = 'school'")
    if org is not None:
        where.append("o.id = %(org)s")
        values["org"] = org
    return Relation(
        source=_ORGS.format(within=seen.within("s.dfes")), key=(('o.id COLLATE "C"', "text"),), where=tuple(where),
        values=values, columns="o.id, o.type, o.name_en, o.name_cy, o.parent, o.status, o.modified",
        fields={
            "sourcedId": Field("o.id"), "status": Field("o.status"), "dateLastModified": Field("o.modified", "moment"),
            "name": Field("o.name_en"), "type": Field("o.type"), "identifier": Field("o.id"),
            "parent.sourcedId": Field("o.parent"),
        },
    )  # fmt: skip


def sessions(seen: Seen, rows: Iterable[Mapping[str, Any]]) -> Relation:
    """Sessions as given: id, title, begin, until, type, year, parent, children, modified."""
    return Relation(
        source="jsonb_to_recordset(%(rows)s::jsonb) AS x(id text, title text, begin date, until date, type text,"
        " year integer, parent text, children jsonb, modified timestamptz)",
        key=(('x.id COLLATE "C"', "text"),), values={**seen.values, "rows": json.dumps(list(rows), default=str)},
        columns="x.*",
        fields={
            "sourcedId": Field("x.id"), "status": Field("'active'::text"),
            "dateLastModified": Field("x.modified", "moment"), "title": Field("x.title"),
            "startDate": Field("x.begin", "date"), "endDate": Field("x.until", "date"),
            "type": Field("x.type"), "schoolYear": Field("x.year", "number"),
        },
    )  # fmt: skip


def courses(seen: Seen, *, school: str | None = None, kind: str | None = None) -> Relation:
    """Two of each school: registration, and teaching; no MIS says more. By school."""
    where, values = [seen.within("s.dfes")], seen.values
    for name, sql, value in (("school", "s.dfes", school), ("kind", "k.kind", kind)):
        if value is not None:
            where.append(f"{sql} = %({name})s")
            values[name] = value
    return Relation(
        source=f"establishment s CROSS JOIN (VALUES ('h'), ('s')) AS k(kind) {_RUN}",
        key=(("s.dfes", "text"), ("k.kind", "text")), where=tuple(where), values=values,
        columns=f"s.dfes AS school, k.kind, t.as_at, {_MODIFIED} AS modified",
        fields={
            "sourcedId": Field("s.dfes || '-' || k.kind"), "status": Field("'active'::text"),
            "dateLastModified": Field(_MODIFIED, "moment"), "org.sourcedId": Field("s.dfes"),
        },
    )  # fmt: skip


def classes(
    seen: Seen, *, kind: str | None = None, digest: str | None = None,
    among: Collection[tuple[str, str, str]] | None = None, years: tuple[date, date] | None = None,
) -> Relation:  # fmt: skip
    """Registration groups and classes by school, kind and name.

    digest: of one class's name. among: school, kind and name of those asked for. years: those of schools whose newest
    word is of these days, the last one excluded; a school without a word has none of its own.
    """
    where, values = [seen.within("s.dfes")], seen.values
    if kind is not None:
        where.append("c.kind = %(kind)s")
        values["kind"] = kind
    if digest is not None:
        where.append(f"{_DIGEST.format(name='c.name')} = %(digest)s")
        values["digest"] = digest
    if among is not None:
        where += [_AMONG.format(of="c"), _AMONG_SCHOOLS]
        values |= _among(among)
    if years is not None:
        where.append(f"{_DAY} >= %(from)s::date AND {_DAY} < %(to)s::date")
        values |= {"from": years[0], "to": years[1]}
    return Relation(
        source=f"establishment s {_RUN} CROSS JOIN LATERAL {_CLASSES.format(members=_members(_PLACED_HERE, _ONE))}",
        whole=_whole(seen, _CLASSES.format(members=_ALL_MEMBERS), "c.school"),
        key=(("s.dfes", "text"), ("c.kind", "text"), ("c.name", "text")),
        where=tuple(where), values=values,
        columns=f"s.dfes AS school, c.kind, c.name, {_CLASS_ID} AS id, c.here, c.grades, t.as_at,"
        f" {_MODIFIED} AS modified, {_TOUCHED} AS touched",
        fields={
            "sourcedId": Field(_CLASS_ID), "status": Field(_CLASS_STATUS), "title": Field("c.name"),
            "dateLastModified": Field(_MODIFIED, "moment"), "classCode": Field("c.name"),
            "classType": Field("CASE c.kind WHEN 'h' THEN 'homeroom' ELSE 'scheduled' END"),
            "school.sourcedId": Field("s.dfes"), "course.sourcedId": Field("s.dfes || '-' || c.kind"),
        } | {  # SCIM's names, in small letters
            "id": Field(_CLASS_ID), "displayname": Field("lower(c.name)"), "school": Field("s.dfes"),
            "meta.lastmodified": Field(_TOUCHED, "moment"),
            "kind": Field("CASE c.kind WHEN 'h' THEN 'registration' ELSE 'class' END"),
        },
    )  # fmt: skip


def members(
    seen: Seen, *, account: str | None = None, kind: str | None = None, digest: str | None = None,
    role: str | None = None, here: bool = False, among: Collection[tuple[str, str, str]] | None = None,
) -> Relation:  # fmt: skip
    """Who is in which class, by school, person and class. here: without those who left. among: as of classes."""
    roles = [{"learner": "student", "staff": "teacher"}[each] for each in seen.kinds]
    where = [seen.within("s.dfes"), "m.role = ANY(%(roles)s::text[])"]
    values = {**seen.values, "roles": roles}
    asked = (
        ("account", "m.account = %(account)s::uuid", account), ("kind", "m.kind = %(kind)s", kind),
        ("digest", f"{_DIGEST.format(name='m.name')} = %(digest)s", digest), ("role", "m.role = %(role)s", role),
    )  # fmt: skip
    for name, sql, value in asked:
        if value is not None:
            where.append(sql)
            values[name] = value
    if account is not None:
        where.append("s.dfes IN (SELECT p.school FROM placement p WHERE p.account = %(account)s::uuid)")
    if here:
        where.append("m.here")
    if among is not None:
        where += [_AMONG.format(of="m"), _AMONG_SCHOOLS]
        values |= _among(among)
    identity = f"s.dfes || '-' || m.kind || '-' || {_DIGEST.format(name='m.name')}"
    modified = f"""date_trunc('milliseconds', coalesce((SELECT max(u.at) FROM audit u WHERE u.account = m.account
        AND u.school = s.dfes AND u.action = ANY(%(changes)s::text[])), {_MODIFIED}))"""
    return Relation(
        source=f"establishment s {_RUN} CROSS JOIN LATERAL {_members(_PLACED_HERE, _ONE)} m",
        whole=_whole(seen, f"{_ALL_MEMBERS} m", "m.school"),
        key=(("s.dfes", "text"), ("m.account", "uuid"), ("m.kind", "text"), ('m.name COLLATE "C"', "text")),
        where=tuple(where), values=values,
        columns=f"s.dfes AS school, m.account, m.role, m.kind, m.name, {identity} AS class, m.here, m.start_date,"
        f" {modified} AS modified",
        fields={
            "sourcedId": Field(f"m.account::text || '-' || {identity}", "member"), "role": Field("m.role"),
            "status": Field("CASE WHEN m.here THEN 'active' ELSE 'tobedeleted' END"),
            "dateLastModified": Field(modified, "moment"), "user.sourcedId": Field("m.account", "person"),
            "class.sourcedId": Field(identity), "school.sourcedId": Field("s.dfes"),
        },
    )  # fmt: skip


def _among(classes: Collection[tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "among": json.dumps([{"s": school, "k": kind, "n": name} for school, kind, name in classes]),
        "among_schools": sorted({school for school, _, _ in classes}),
    }


def classes_of(seen: Seen, account: str) -> list[tuple[str, str, str]]:
    """School, kind and name of each class that somebody is in."""
    found = page(members(seen, account=account, here=True), Asked(limit=1000))
    return [(row["school"], row["kind"], row["name"]) for row in found]


_ORGS = """(
    SELECT s.dfes::text AS id, 'school' AS type, s.name_en, s.name_cy, a.code::text AS parent,
           CASE WHEN s.closed < %(today)s::date THEN 'tobedeleted' ELSE 'active' END AS status,
           date_trunc('milliseconds', s.changed_at) AS modified
    FROM establishment s LEFT JOIN authority a ON a.code = left(s.dfes, 3) WHERE {within}
    UNION ALL
    SELECT a.code::text, 'district', a.name_en, a.name_cy, NULL, 'active', date_trunc('milliseconds', a.changed_at)
    FROM authority a WHERE EXISTS (SELECT FROM establishment s WHERE left(s.dfes, 3) = a.code AND {within})
) o"""


def first_word(seen: Seen) -> date | None:
    """The day of the oldest of the schools' newest words; None where there is none yet."""
    statement = f"""SELECT min((t.as_at AT TIME ZONE 'Europe/London')::date) AS day
        FROM establishment s {_RUN} WHERE {seen.within("s.dfes")}"""
    found: date | None = fetch(statement, seen.values)[0]["day"]
    return found
