"""The set statements of the store. Each takes one JSON array of rows, so that a school is one round trip a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

_LEARNER = (
    "school text, upn text, legal_surname text, legal_forename text, birth_date date, year_group text, "
    "start_date date, leaving_date date, enrolment_status text, registration_group text, classes text[], "
    "preferred_surname text, preferred_forename text, former_upn text, mis_id text, admission_number text, "
    "missing_since date, refused boolean, doubtful boolean, due_on date"
)
_STAFF = (
    "id uuid, school text, account uuid, legal_surname text, legal_forename text, staff_code text, start_date date, "
    "leaving_date date, mis_id text, employee_number text, preferred_surname text, preferred_forename text, "
    "birth_date date, role text, classes text[], missing_since date, refused boolean, due_on date"
)
_ACCOUNT = (
    "id uuid, kind text, reason_rule text, reason_code text, reason_values jsonb, username text, email text, upn text, "
    "legal_surname text, legal_forename text, preferred_surname text, preferred_forename text, birth_date date, "
    "personal_digest text, created_at timestamptz, search_key text, sort_en text, sort_cy text, near_key text"
)


def _names(columns: str) -> list[str]:
    return [column.split()[0] for column in columns.split(", ")]


def _upsert(table: str, columns: str, key: tuple[str, ...]) -> str:
    names = _names(columns)
    changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name not in key)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} "  # noqa: S608 - names of this file
        f"FROM json_to_recordset(%s::json) AS r({columns}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
    )


def _update(table: str, columns: str, key: tuple[str, ...]) -> str:
    changed = ", ".join(f"{name} = r.{name}" for name in _names(columns) if name not in key)
    found = " AND ".join(f"w.{name} = r.{name}" for name in key)
    return f"UPDATE {table} w SET {changed} FROM json_to_recordset(%s::json) AS r({columns}) WHERE {found}"  # noqa: S608


#: Newest words of learners and staff; the due day is worked out by lifecycle.
LEARNER_WORDS = _upsert("learner_record", _LEARNER, ("school", "upn"))
STAFF_WORDS = _upsert("staff_record", _STAFF, ("id",))
#: As an upsert, for words that are there: it would lock each row before writing it.
LEARNER_WORDS_CHANGED = _update("learner_record", _LEARNER, ("school", "upn"))
LEARNER_WORDS_GONE = """
DELETE FROM learner_record w USING json_to_recordset(%s::json) AS r(school text, upn text)
WHERE w.school = r.school AND w.upn = r.upn
"""
#: Staff who got their account without a new word (a start date that came).
STAFF_LINKED = """
UPDATE staff_record w SET account = r.account FROM json_to_recordset(%s::json) AS r(id uuid, account uuid)
WHERE w.id = r.id
"""
#: Every word about the learner is looked at again when a grace ends (R39), or on an earlier day of its own.
GRACES_DUE = """
UPDATE learner_record w SET due_on = LEAST(w.due_on, r.due_on)
FROM json_to_recordset(%s::json) AS r(account uuid, due_on date) JOIN upn u ON u.account = r.account
WHERE w.upn = u.upn
"""
#: Names for ever (R33). A name that a concurrent run took first is not returned.
USERNAMES = """
INSERT INTO identifier (value, kind, account, current)
SELECT value, 'username', account, true FROM json_to_recordset(%s::json) AS r(value text, account uuid)
ON CONFLICT (value) DO NOTHING RETURNING value
"""
EMAILS = """
INSERT INTO identifier (value, kind, account, current)
SELECT value, 'email', account, true FROM json_to_recordset(%s::json) AS r(value text, account uuid)
"""
ACCOUNTS = f"""
INSERT INTO account (id, kind, active, reason_rule, reason_code, reason_values, username, email, upn, legal_surname,
    legal_forename, preferred_surname, preferred_forename, birth_date, personal_digest, password, created_at,
    search_key, sort_en, sort_cy, near_key)
SELECT id, kind, true, reason_rule, reason_code, reason_values, username, email, upn, legal_surname, legal_forename,
    preferred_surname, preferred_forename, birth_date, decode(personal_digest, 'hex'), '', created_at,
    search_key, sort_en, sort_cy, near_key
FROM json_to_recordset(%s::json) AS r({_ACCOUNT})
"""  # noqa: S608 - names of this file
PERSON_KEYS = """
INSERT INTO person_key (account, wrapped)
SELECT account, decode(wrapped, 'hex') FROM json_to_recordset(%s::json) AS r(account uuid, wrapped text)
"""
#: A claim by another school hides the first password for good (R10); it still works.
FIRST_PASSWORDS_HIDDEN = """
UPDATE first_password f SET hidden_at = r.at
FROM json_to_recordset(%s::json) AS r(account uuid, school text, at timestamptz)
WHERE f.account = r.account AND f.school <> r.school AND f.hidden_at IS NULL
"""
#: A UPN leads to its account; its row was locked before, or is made for a re-keyed one.
UPNS = """
INSERT INTO upn (upn, account)
SELECT upn, account FROM json_to_recordset(%s::json) AS r(upn text, account uuid)
ON CONFLICT (upn) DO UPDATE SET account = EXCLUDED.account
"""
#: ``fields`` names what a row changes; everything else stays.
ACCOUNTS_UPDATED = """
UPDATE account a SET
    active = CASE WHEN 'active' = ANY(r.fields) THEN r.active ELSE a.active END,
    sessions_from = CASE WHEN 'active' = ANY(r.fields) AND NOT r.active THEN clock_timestamp() ELSE a.sessions_from END,
    reason_rule = COALESCE(r.reason_rule, a.reason_rule),
    reason_code = COALESCE(r.reason_code, a.reason_code),
    reason_values = COALESCE(r.reason_values, a.reason_values),
    grace_until = CASE WHEN 'grace_until' = ANY(r.fields) THEN r.grace_until ELSE a.grace_until END,
    upn = COALESCE(r.upn, a.upn),
    legal_surname = COALESCE(r.legal_surname, a.legal_surname),
    legal_forename = COALESCE(r.legal_forename, a.legal_forename),
    preferred_surname = COALESCE(r.preferred_surname, a.preferred_surname),
    preferred_forename = COALESCE(r.preferred_forename, a.preferred_forename),
    search_key = COALESCE(r.search_key, a.search_key),
    sort_en = COALESCE(r.sort_en, a.sort_en),
    sort_cy = COALESCE(r.sort_cy, a.sort_cy),
    near_key = COALESCE(r.near_key, a.near_key),
    birth_date = CASE WHEN 'birth_date' = ANY(r.fields) THEN r.birth_date ELSE a.birth_date END,
    personal_digest = COALESCE(decode(r.personal_digest, 'hex'), a.personal_digest)
FROM json_to_recordset(%s::json) AS r(id uuid, fields text[], active boolean, reason_rule text, reason_code text,
    reason_values jsonb, grace_until date, upn text, legal_surname text, legal_forename text, preferred_surname text,
    preferred_forename text, birth_date date, personal_digest text, search_key text, sort_en text, sort_cy text,
    near_key text)
WHERE a.id = r.id
"""
PLACEMENTS_OPENED = """
INSERT INTO placement (account, school, role, began)
SELECT account, school, role, day FROM json_to_recordset(%s::json) AS r(account uuid, school text, role text, day date)
"""
PLACEMENTS_CLOSED = """
UPDATE placement p SET ended = r.day
FROM json_to_recordset(%s::json) AS r(account uuid, school text, role text, day date)
WHERE p.account = r.account AND p.school = r.school AND p.role = r.role AND p.ended IS NULL
"""
WAITS = """
INSERT INTO wait (school, upn, cause, since)
SELECT school, upn, cause, since FROM json_to_recordset(%s::json) AS r(school text, upn text, cause text, since date)
ON CONFLICT (school, upn) DO UPDATE SET cause = EXCLUDED.cause
"""
WAITS_ENDED = """
DELETE FROM wait w USING json_to_recordset(%s::json) AS r(school text, upn text)
WHERE w.school = r.school AND w.upn = r.upn
"""
DUPLICATES = """
INSERT INTO possible_duplicate (account, other, school, since)
SELECT account, other, school, since
FROM json_to_recordset(%s::json) AS r(account uuid, other uuid, school text, since date)
ON CONFLICT (account, other) DO NOTHING
"""


def send(cursor: Any, statement: str, rows: Sequence[dict[str, Any]]) -> None:
    """Executes ``statement`` on all rows at once; nothing when there are none."""
    if rows:
        cursor.execute(statement, [orjson.dumps(rows).decode()])
