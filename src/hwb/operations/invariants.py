"""The invariants that one SQL statement can see (reliability.md): a row is a breach, its columns say which.

Each statement gives `id` (account, school or run) and never a name or a UPN. Constraints keep most of these
already; they are checked all the same, because a constraint can be dropped and a table written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwb.directory.connected_accounts import CONCERNS

UPN_PATTERN = "[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]"


@dataclass(frozen=True, slots=True)
class Invariant:
    """`name` as in the list of invariants or rules, `text` what must hold, `breaches` the statement."""

    name: str
    text: str
    breaches: str


INVARIANTS = (
    Invariant(
        "I1",
        "an e-mail address belongs to one person for ever, and every account's is reserved",
        """
        SELECT a.id FROM account a
        WHERE NOT EXISTS (SELECT FROM identifier i WHERE i.value = lower(normalize(a.email, NFKC))
                          AND i.kind = 'email' AND i.account = a.id AND i.current)
        UNION SELECT account FROM identifier WHERE value <> lower(normalize(value, NFKC))
        UNION SELECT i.account FROM identifier i JOIN account a ON a.id = i.account
        WHERE i.kind = 'email' AND i.current AND i.value <> lower(normalize(a.email, NFKC))
        """,
    ),
    Invariant(
        "I2",
        "a username belongs to one person for ever, and every account's is reserved",
        """
        SELECT a.id FROM account a
        WHERE NOT EXISTS (SELECT FROM identifier i WHERE i.value = lower(normalize(a.username, NFKC))
                          AND i.kind = 'username' AND i.account = a.id AND i.current)
        UNION SELECT i.account FROM identifier i JOIN account a ON a.id = i.account
        WHERE i.kind = 'username' AND i.current AND i.value <> lower(normalize(a.username, NFKC))
        """,
    ),
    Invariant(
        "I3",
        "a UPN has one account, and the account's own UPN leads to it",
        """
        SELECT a.id FROM account a LEFT JOIN upn u ON u.upn = a.upn
        WHERE a.kind = 'learner' AND (u.account IS DISTINCT FROM a.id)
        UNION SELECT (array_agg(id))[1] FROM account WHERE upn <> '' GROUP BY upn HAVING count(*) > 1
        """,
    ),
    Invariant(
        "I11",
        "every service that follows accounts knows of each that may sign in, and what waits for it is due",
        f"""
        SELECT a.id FROM account a CROSS JOIN connector c
        WHERE c.removed_at IS NULL AND a.active AND {CONCERNS}
          AND NOT EXISTS (SELECT FROM connected_account k WHERE k.connector = c.id AND k.account = a.id)
        UNION SELECT k.account FROM connected_account k JOIN account a ON a.id = k.account
        JOIN connector c ON c.id = k.connector
        WHERE k.due_at IS NULL AND (k.waits_since IS NOT NULL OR k.state = 'ready' AND NOT a.active
                                    OR k.state <> 'ready' AND a.active AND c.kind <> 'scim')
        """,  # noqa: S608 - text of ours
    ),
    Invariant(
        "one holder",
        "no more than one school holds a learner's account",
        """
        SELECT account AS id FROM placement WHERE role = 'holding' AND ended IS NULL
        GROUP BY account HAVING count(*) > 1
        """,
    ),
    Invariant(
        "I4",
        "nobody is active without a school that has them (or a grace that runs), nor against a decision",
        """
        SELECT a.id FROM account a
        WHERE a.active AND a.kind <> 'official'
          AND NOT EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL
                          AND p.role IN ('holding', 'post'))
          AND (a.grace_until IS NULL OR a.grace_until < %(on)s::date - 1)
        UNION SELECT a.id FROM account a JOIN decision d ON d.account = a.id AND d.ended_at IS NULL
        WHERE a.active AND d.kind IN ('suspended', 'safety')
        """,
    ),
    Invariant(
        "R31",
        "whom a school has is active exactly when no decision of that school, or of support, says otherwise",
        """
        SELECT a.id FROM account a
        WHERE a.kind <> 'official'
          AND EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL
                      AND p.role IN ('holding', 'post'))
          AND a.active = EXISTS (
              SELECT FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL
              AND (d.kind IN ('suspended', 'safety')
                   OR d.kind = 'deactivated' AND EXISTS (
                       SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL AND p.school = d.school
                       AND p.role IN ('holding', 'post'))))
        """,
    ),
    Invariant(
        "R40",
        "whoever is inactive has no sign-in to a service and no token that is good for anything",
        """
        SELECT i.account AS id FROM service_sign_in i JOIN account a ON a.id = i.account
        WHERE i.ended_at IS NULL AND NOT a.active
        UNION SELECT t.user_id FROM allauth_idp_oidc_token t JOIN account a ON a.id = t.user_id
        WHERE t.type IN ('ac', 'at', 'rt') AND NOT a.active
        """,
    ),
    Invariant(
        "I7",
        "a refused record is never read as missing",
        """
        SELECT school AS id FROM learner_record WHERE refused AND missing_since IS NOT NULL
        UNION SELECT school FROM staff_record WHERE refused AND missing_since IS NOT NULL
        """,
    ),
    Invariant(
        "I8",
        "a run that was refused, held, withdrawn, replaced, failed or only previewed changed nobody",
        """
        SELECT DISTINCT r.id FROM run r JOIN audit a ON a.run = r.id AND a.account IS NOT NULL
        WHERE r.preview OR r.state IN ('received', 'refused', 'held', 'withdrawn', 'replaced', 'failed', 'previewed')
        """,
    ),
    Invariant(
        "I9",
        "no school keeps a wait for an account that it holds itself, unless it put the UPN on somebody else (R4)",
        """
        SELECT w.school AS id FROM wait w JOIN upn u ON u.upn = w.upn
        JOIN placement p ON p.account = u.account AND p.role = 'holding' AND p.ended IS NULL AND p.school = w.school
        WHERE w.cause <> 'identity'
        """,
    ),
    Invariant(
        "R3",
        "whoever left is let go, or is due to be",
        """
        SELECT p.account AS id FROM placement p
        JOIN upn u ON u.account = p.account
        JOIN learner_record r ON r.upn = u.upn AND r.school = p.school
        JOIN account a ON a.id = p.account AND a.upn = r.upn
        WHERE p.role = 'holding' AND p.ended IS NULL AND NOT r.refused AND r.leaving_date < %(on)s
          AND (r.due_on IS NULL OR r.due_on > %(on)s)
        """,
    ),
    Invariant(
        "R23",
        "staff who left have no post, or it is due to end; staff on roll have one, or it is due to begin",
        """
        SELECT coalesce(r.account, r.id) AS id FROM staff_record r
        LEFT JOIN placement p ON p.account = r.account AND p.school = r.school AND p.role = 'post' AND p.ended IS NULL
        WHERE (r.due_on IS NULL OR r.due_on > %(on)s)
          AND CASE WHEN r.leaving_date < %(on)s THEN p.account IS NOT NULL
                   WHEN r.missing_since IS NULL AND NOT r.refused AND r.start_date <= %(on)s THEN p.account IS NULL
                   ELSE false END
        """,
    ),
    Invariant(
        "R5",
        "whoever is on roll somewhere has the account there, or a wait stands",
        """
        SELECT r.school AS id FROM learner_record r LEFT JOIN upn u ON u.upn = r.upn
        WHERE r.enrolment_status IN ('C', 'M') AND r.missing_since IS NULL AND NOT r.refused
          AND r.start_date <= %(on)s AND (r.leaving_date IS NULL OR r.leaving_date >= %(on)s)
          AND (r.due_on IS NULL OR r.due_on > %(on)s)
          AND NOT EXISTS (SELECT FROM placement p WHERE p.account = u.account AND p.role = 'holding'
                          AND p.ended IS NULL AND p.school = r.school)
          AND NOT EXISTS (SELECT FROM wait w LEFT JOIN upn known ON known.upn = w.upn
                          WHERE w.school = r.school AND (w.upn = r.upn OR known.account = u.account))
        """,
    ),
    Invariant(
        "R10",
        "a made password is kept or hashed, never both, and no school can show one after another has claimed",
        """
        SELECT f.account AS id FROM first_password f JOIN account a ON a.id = f.account
        WHERE (f.ciphertext IS NOT NULL) = (a.password <> '')
        UNION SELECT f.account FROM first_password f
        JOIN placement p ON p.account = f.account AND p.role = 'holding' AND p.ended IS NULL
        WHERE f.hidden_at IS NULL AND f.school <> '' AND p.school <> f.school
        """,
    ),
    Invariant(
        "I12",
        "no staff accounts are joined without two recorded approvals of two people, and the case says which",
        """
        SELECT a.id FROM account a WHERE a.retired_into IS NOT NULL AND NOT EXISTS (
            SELECT FROM consolidation c WHERE c.retiring = a.id AND c.kept = a.retired_into AND c.state = 'done'
            AND c.requested_at IS NOT NULL AND c.authorised_at IS NOT NULL AND c.joined_at IS NOT NULL
            AND (c.way = 'online' OR c.proved_at IS NOT NULL) AND c.authorised_by <> c.joined_by)
        UNION SELECT c.retiring FROM consolidation c JOIN account a ON a.id = c.retiring
        WHERE c.state = 'done' AND a.retired_into IS DISTINCT FROM c.kept
        """,
    ),
    Invariant(
        "R25",
        "a retired account is inactive for good, has no post, record or role of its own, and leads to an"
        " account that stands for itself",
        """
        SELECT a.id FROM account a JOIN account k ON k.id = a.retired_into
        WHERE a.active OR a.kind <> 'staff' OR k.kind <> 'staff' OR k.retired_into IS NOT NULL
           OR EXISTS (SELECT FROM placement p WHERE p.account = a.id AND p.ended IS NULL)
           OR EXISTS (SELECT FROM staff_record r WHERE r.account = a.id)
           OR EXISTS (SELECT FROM role_grant g WHERE g.account = a.id AND g.ended_at IS NULL
                      AND NOT EXISTS (SELECT FROM role_grant o WHERE o.account = k.id AND o.role = g.role
                                      AND o.school = g.school AND o.area = g.area AND o.ended_at IS NULL))
        """,
    ),
    Invariant(
        "I13",
        "whoever comes back has the account of before: its names stay, and every UPN that it had leads to it",
        # One name of each kind, and one more for each that the log tells of (R34); an official brings an address.
        # A source may give an official another address, and an earlier name again.
        """
        SELECT c.account AS id FROM audit c LEFT JOIN (
            SELECT account, count(*) FILTER (WHERE kind = 'username') AS usernames,
                   count(*) FILTER (WHERE kind = 'email') AS emails
            FROM identifier GROUP BY account
        ) n ON n.account = c.account
        LEFT JOIN (SELECT account, count(*) AS times FROM audit WHERE action = 'username issued' GROUP BY account) i
            ON i.account = c.account
        LEFT JOIN source_account x ON x.account = c.account
        WHERE c.action = 'create' AND CASE WHEN x.account IS NULL THEN
            n.usernames IS DISTINCT FROM 1 + coalesce(i.times, 0)
            OR n.emails IS DISTINCT FROM 1 + coalesce(i.times, 0) + (c.reason_code = 'official')::int
            ELSE coalesce(n.usernames, 0) < 1 OR coalesce(n.emails, 0) < 2 END
        UNION SELECT u.account FROM upn u WHERE u.account IS NOT NULL GROUP BY u.account
        HAVING (count(*) > 1) <> (  -- an undone re-keying lets its UPN go again
            SELECT count(*) FILTER (WHERE k.rule <> 'undo') > count(*) FILTER (WHERE k.rule = 'undo')
            FROM audit k WHERE k.account = u.account AND k.action = 'rekey')
        """,
    ),
    Invariant(
        "I14",
        "a learner has no post, and nobody else is held or a guest",
        """
        SELECT a.id FROM account a JOIN placement p ON p.account = a.id
        WHERE (a.kind = 'learner') = (p.role = 'post')
        """,
    ),
    Invariant(
        "I15",
        "every record of a run is counted once, learners and staff apart, and the run's figures are their sums",
        """
        SELECT r.id FROM run r CROSS JOIN LATERAL jsonb_each(r.result -> 'counts') AS of_kind (kind, n)
        WHERE (n ->> 'received')::int <> (n ->> 'unchanged')::int + (n ->> 'created')::int + (n ->> 'claimed')::int
              + (n ->> 'updated')::int + (n ->> 'released')::int + (n ->> 'reactivated')::int
              + (n ->> 'waiting')::int + (n ->> 'refused')::int
        UNION SELECT r.id FROM run r
        WHERE r.state IN ('applied', 'no change', 'held', 'previewed', 'undone', 'withdrawn', 'replaced')
          AND NOT coalesce(r.result -> 'counts' ?& ARRAY['learner', 'staff'], false)
        UNION SELECT r.id FROM run r CROSS JOIN LATERAL (
            SELECT sum((n ->> 'created')::int) AS created, sum((n ->> 'claimed')::int) AS claimed,
                   sum((n ->> 'updated')::int + (n ->> 'reactivated')::int) AS updated,
                   sum((n ->> 'released')::int) AS released, sum((n ->> 'waiting')::int) AS waiting,
                   sum((n ->> 'missing')::int) AS missing
            FROM jsonb_each(r.result -> 'counts') AS of_kind (kind, n)
        ) s WHERE (s.created, s.claimed, s.updated, s.released, s.waiting, s.missing) <> (
            (r.result ->> 'created')::int, (r.result ->> 'claimed')::int, (r.result ->> 'updated')::int,
            (r.result ->> 'released')::int, (r.result ->> 'waiting')::int, (r.result ->> 'missing')::int)
        """,
    ),
    Invariant(
        "I16",
        "no UPN stands in clear in the log, in reasons or in the queue",
        """
        SELECT id::text FROM audit WHERE details ~ %(upn)s OR actor ~ %(upn)s
        UNION SELECT id::text FROM decision WHERE reason ~ %(upn)s
        UNION SELECT id::text FROM run WHERE failure ~ %(upn)s
        UNION SELECT id::text FROM procrastinate_jobs WHERE args::text ~ %(upn)s
        """,
    ),
    Invariant(
        "I17",
        "no address contains a UPN or a birth date",
        """
        SELECT a.id FROM account a
        WHERE (a.upn <> '' AND position(lower(a.upn) IN a.email) > 0)
           OR position(to_char(a.birth_date, 'YYYYMMDD') IN a.email) > 0
           OR position(to_char(a.birth_date, 'DDMMYYYY') IN a.email) > 0
        """,
    ),
    Invariant(
        "I18",
        "an older snapshot never follows a newer one",
        """
        SELECT id FROM (
            SELECT id, as_at, lag(as_at) OVER (PARTITION BY school ORDER BY accepted_no) AS before
            FROM run WHERE state IN ('applied', 'no change')
        ) accepted WHERE as_at < before
        """,
    ),
    Invariant(
        "R42",
        "the guards of the log and of names are in place",
        """
        SELECT wanted AS id FROM unnest(ARRAY['audit_append_only', 'identifier_for_ever']) wanted
        WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = wanted AND t.tgenabled IN ('O', 'A'))
        """,
    ),
)
