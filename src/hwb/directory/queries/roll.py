"""Who is or was a learner of one school, and what that school may see of them: the base of its lists.

Everything is reached through a placement at the school. Of who moved on it has the school's own last word only: no
name, username, UPN or state that a later school may have given.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Literal

from hwb import names
from hwb.directory.queries.rows import fetch
from hwb.identifiers import clean_upn

View = Literal["on roll", "leavers", "all"]
#: What a search without a single letter or digit looks for: no key begins with it.
_NOTHING = "!"
_NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename")

# A school's record may still bear a former UPN: the newest word about that person there counts.
_PLACED = """
mine AS (
    SELECT account, bool_or(ended IS NULL) AS here,
           coalesce(bool_and(role = 'guest') FILTER (WHERE ended IS NULL), false) AS guest, max(began) AS began,
           CASE WHEN bool_and(ended IS NOT NULL) THEN max(ended) END AS ended
    FROM placement WHERE school = %(school)s AND role IN ('holding', 'guest') GROUP BY account
),
placed AS (
    SELECT a.id AS account, a.active, a.reason_rule, a.reason_code, a.reason_values, a.username,
        a.email, a.created_at, a.upn AS current_upn, a.legal_surname, a.legal_forename, a.preferred_surname,
        a.preferred_forename, a.search_key, a.near_key, a.sort_en, a.sort_cy,
        m.here, m.guest, m.began, m.ended, {later},
        w.upn AS word_upn, w.legal_surname AS word_surname, w.legal_forename AS word_forename,
        w.preferred_surname AS word_preferred, w.preferred_forename AS word_called,
        coalesce(w.year_group, '') AS year_group, coalesce(w.registration_group, '') AS registration_group,
        coalesce(w.classes, '{{}}') AS classes, w.start_date, w.leaving_date, w.missing_since
    FROM mine m JOIN account a ON a.id = m.account
    {joined}
    LEFT JOIN LATERAL (
        SELECT r.* FROM learner_record r WHERE r.school = %(school)s AND r.upn = a.upn
        UNION ALL
        SELECT r.* FROM upn u JOIN learner_record r ON r.school = %(school)s AND r.upn = u.upn
        WHERE u.account = a.id AND u.upn <> a.upn
          AND NOT EXISTS (SELECT FROM learner_record n WHERE n.school = %(school)s AND n.upn = a.upn)
        LIMIT 1
    ) w ON true
    WHERE {which}
)
"""
#: What may be shown; `renamed` brings the keys of those whose names changed after they had moved on.
_PEOPLE = """
people AS (
    SELECT p.account, p.year_group, p.registration_group, p.classes, p.here, p.guest, p.moved_on, p.began AS arrived,
        p.ended AS left_on, p.claimed, p.start_date, p.leaving_date, p.missing_since, p.created_at,
        CASE WHEN p.moved_on THEN coalesce(nullif(p.word_preferred, ''), p.word_surname, '')
             ELSE coalesce(nullif(p.preferred_surname, ''), p.legal_surname) END AS surname,
        CASE WHEN p.moved_on THEN coalesce(nullif(p.word_called, ''), p.word_forename, '')
             ELSE coalesce(nullif(p.preferred_forename, ''), p.legal_forename) END AS forename,
        CASE WHEN p.moved_on THEN coalesce(p.word_surname, '') ELSE p.legal_surname END AS legal_surname,
        CASE WHEN p.moved_on THEN coalesce(p.word_forename, '') ELSE p.legal_forename END AS legal_forename,
        CASE WHEN p.moved_on THEN coalesce(p.word_upn, '') ELSE p.current_upn END AS upn,
        CASE WHEN p.moved_on THEN '' ELSE p.username END AS username,
        CASE WHEN p.moved_on THEN '' ELSE p.email END AS email,
        p.active AND NOT p.moved_on AS active,
        CASE WHEN p.moved_on THEN '' ELSE p.reason_rule END AS reason_rule,
        CASE WHEN p.moved_on THEN '' ELSE p.reason_code END AS reason_code,
        CASE WHEN p.moved_on THEN '{{}}' ELSE p.reason_values END AS reason_values,
        coalesce(k.search_key, p.search_key) AS search_key, coalesce(k.near_key, p.near_key) AS near_key,
        coalesce(k.sort_en, p.sort_en) AS sort_en, coalesce(k.sort_cy, p.sort_cy) AS sort_cy
    FROM placed p
    LEFT JOIN json_to_recordset(%(renamed)s::json)
        AS k(account uuid, search_key text, near_key text, sort_en text, sort_cy text)
        ON p.moved_on AND k.account = p.account
    WHERE %(own)s::text[] IS NULL
       OR (p.here AND (p.registration_group = ANY(%(own)s::text[]) OR p.classes && %(own)s::text[]))
)
"""
_RENAMED = """
WITH {placed}
SELECT account::text, coalesce(word_surname, '') AS legal_surname, coalesce(word_forename, '') AS legal_forename,
       coalesce(word_preferred, '') AS preferred_surname, coalesce(word_called, '') AS preferred_forename
FROM placed WHERE (legal_surname, legal_forename, preferred_surname, preferred_forename)
    IS DISTINCT FROM (word_surname, word_forename, word_preferred, word_called)
"""
_LATER = """LEFT JOIN LATERAL (
        SELECT true AS moved_on, min(o.began) FILTER (WHERE o.role = 'holding' AND o.began >= m.ended) AS claimed
        FROM placement o
        WHERE o.account = m.account AND o.school <> %(school)s AND (o.ended IS NULL OR o.ended >= m.ended)
        HAVING count(*) > 0
    ) later ON NOT m.here"""
_MOVED = {"later": "later.claimed, coalesce(later.moved_on, false) AS moved_on", "joined": _LATER}
#: Who is on roll has not moved on: half the work of the usual list.
_ON_ROLL = {"later": "NULL::date AS claimed, false AS moved_on", "joined": "", "which": "m.here"}
_WHICH: dict[str, dict[str, str]] = {
    "on roll": _ON_ROLL,
    "leavers": {**_MOVED, "which": "NOT m.here"},
    "all": {**_MOVED, "which": "true"},
    "one on roll": {**_ON_ROLL, "which": "m.here AND a.id = %(account)s"},
    "one": {**_MOVED, "which": "a.id = %(account)s"},
}


def statement(which: str, query: str) -> str:
    """``query`` over ``people`` (and ``mine``: all who have or had a placement), of one view or of one account
    ("one", "one on roll")."""
    return f"WITH {_PLACED.format(**_WHICH[which])}, {_PEOPLE.format()} {query}"


def base(*, school: str, which: str, own: Collection[str] | None = None, **parameters: Any) -> dict[str, Any]:
    """The parameters of every :func:`statement`. Asks the database when people who moved on are among them.

    own: a teacher's classes; nobody but their learners of today is then among ``people``.
    """
    given = {"school": school, "own": None if own is None else sorted(own), **parameters}
    if which.endswith("on roll"):
        return {**given, "renamed": "[]"}
    # whether they moved on is asked later: leavers with other names are few
    gone = {**_ON_ROLL, "which": "NOT m.here" if which != "one" else f"NOT m.here AND {_WHICH['one']['which']}"}
    found = fetch(_RENAMED.format(placed=_PLACED.format(**gone)), given)
    keyed = [{"account": row["account"], **names.keys(*(row[name] for name in _NAMES))} for row in found]
    return {**given, "renamed": json.dumps(keyed, ensure_ascii=False)}


def searched(text: str) -> dict[str, Any]:
    """What was typed, as parameters: beginnings of parts of names, of a username, or a whole UPN.

    ``terms`` is None when nothing was typed; text without a letter or digit finds nobody.
    """
    if not text.strip():
        return {"terms": None, "near": None, "username": None, "upn": None}
    terms, word = names.search_terms(text), text.strip().lower()
    return {
        "terms": [f"% {term}%" for term in terms] or [_NOTHING],
        "near": [f"% {term} %" for term in names.near_terms(text)] or [_NOTHING],
        "username": word if word.isascii() and word.isalnum() else None,
        "upn": clean_upn(text),
    }
