"""The way in of somebody from outside the school's data, sent again (ux.md B18): a new link, and the old one ends."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction

from hwb.directory import chain, store
from hwb.extract.texts import N_, Text
from hwb.lifecycle import calendar, messages
from hwb.lifecycle.messages import INVITATIONS_A_DAY, Kind, Reader
from hwb.operations import sessions
from hwb.operations.messages import links
from hwb.operations.messages.writing import Letter, put


class InvitationRefused(Exception):
    """No invitation was sent, and the old link stands; `text` says why."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def resend(*, account: UUID, school: str, acting_user: str, now: datetime, at: datetime) -> None:
    """Sends `account`, which has a role at the school and was never signed in to, a new link by e-mail.

    `at`: the real moment, by which links live. At most three a day. Raises InvitationRefused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        store.lock_chain(cursor, school)
        cursor.execute(_INVITED, {"account": account, "school": school, "today": calendar.london_date(now)})
        if cursor.fetchone() is None:
            text = N_("No invitation is needed: this person has signed in before, or has no role here any more.")
            raise InvitationRefused("not_needed", Text(text))
        cursor.execute(_SENT_TODAY, [account, Kind.INVITATION, messages.day_began(now)])
        if cursor.fetchone()[0] >= INVITATIONS_A_DAY:
            text = N_("This person has had three invitations today. Send another one tomorrow.")
            raise InvitationRefused("too_many", Text(text))
        link = uuid4()
        cursor.execute("DELETE FROM sign_in_link WHERE account = %s AND used_at IS NULL", [account])
        sessions.make_link(cursor, account=str(account), at=at, token=links.token_of(str(link)))
        details = {"link": str(link), "days": sessions.LASTS[sessions.Purpose.FIRST].days}
        letter = Letter(Kind.INVITATION, school, str(link), details, messages.due_at(Kind.INVITATION, now))
        put(cursor, letter, [Reader("invited", str(account))], now=now)
        entry = chain.Entry("invitation sent", "R42", "", school, str(account))
        store.write_log(cursor, [entry], chain.Writer(school, acting_user, now))


_INVITED = """
SELECT 1 FROM account a JOIN role_grant g ON g.account = a.id
WHERE a.id = %(account)s AND a.active AND a.kind = 'official' AND a.last_sign_in IS NULL AND a.email <> ''
  AND g.school = %(school)s AND g.ended_at IS NULL AND (g.until IS NULL OR g.until >= %(today)s)
LIMIT 1 FOR UPDATE OF a
"""
_SENT_TODAY = "SELECT count(*) FROM message WHERE to_account = %s AND kind = %s AND written_at >= %s"
