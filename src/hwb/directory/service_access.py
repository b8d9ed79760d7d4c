"""The end of what people have at services, in the transaction of what ends it (R40): sign-ins, codes, access and
refresh tokens go, and services that take back-channel (SAML: SOAP) log-outs are to be told. An account's places in
class sessions go too.

Locks are taken in one order: accounts, places, sign-ins, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from procrastinate.contrib.django import app

#: Before runs that wait: somebody is to be out within seconds.
PRIORITY = 100


def end(
    cursor: Any, *, accounts: Sequence[str | UUID] = (), sign_ins: Sequence[UUID] = (), session: str = "",
    service: UUID | None = None, places: Sequence[UUID] = (), due: datetime | None = None,
) -> int:  # fmt: skip
    """Ends every standing sign-in of these accounts, these sign-ins, those of a Hwb session, those of a service, those
    from these places in class sessions, or those whose time is over when it is `due`.

    Returns how many. The caller's transaction holds it all: what it does not commit has not happened.
    """
    found = {
        "account": list(map(str, accounts)),
        "id": list(map(str, sign_ins)),
        "session": session,
        "service": service,
        "places": list(map(str, places)),
        "due": due,
    }
    if accounts:
        cursor.execute(_GIVE_UP, [found["account"]])
    which = [_WHICH[name] for name, value in found.items() if value]
    if not which:
        return 0
    cursor.execute(_END.format(which=" OR ".join(which)), found)
    ended, told = cursor.fetchone()
    if told:
        app.configure_task("hwb.service_log_outs", priority=PRIORITY).defer(timestamp=0)
    return int(ended)


_WHICH = {
    "account": "account = ANY(%(account)s::uuid[])", "id": "id = ANY(%(id)s::uuid[])",
    "session": "session = %(session)s", "service": "service = %(service)s::uuid",
    "places": "place = ANY(%(places)s::uuid[])", "due": "ends_at <= %(due)s",
}  # fmt: skip
_GIVE_UP = """
DELETE FROM class_place
WHERE id IN (SELECT id FROM class_place WHERE account = ANY(%s::uuid[]) ORDER BY id FOR UPDATE)
"""
_END = """
WITH standing AS (
    SELECT id FROM service_sign_in WHERE ended_at IS NULL AND ({which}) ORDER BY id FOR UPDATE
), gone AS (
    UPDATE service_sign_in i SET ended_at = clock_timestamp() FROM standing s WHERE i.id = s.id
    RETURNING i.id, i.service, i.account
), void AS (
    DELETE FROM allauth_idp_oidc_token t USING gone
    WHERE t.user_id = gone.account AND t.data ->> 'sign_in' = gone.id::text
), told AS (
    INSERT INTO service_log_out (sign_in, made_at, due_at, attempts, failure)
    SELECT g.id, clock_timestamp(), clock_timestamp(), 0, '' FROM gone g JOIN service s ON s.id = g.service
    WHERE s.logout_uri <> '' AND s.protocol IN ('oidc', 'saml') AND s.revoked_at IS NULL
    RETURNING id
)
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM told)
"""
