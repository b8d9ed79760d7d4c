"""`hwb verify`: clean where all is well, and able to fail: each invariant is broken by hand and must be reported."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from tests.support.deliveries import JULY, deliver, extract_of, learner_row, register_schools, send, staff_row
from tests.support.people import PRIMARY, SECONDARY, learner, upn

from hwb.directory.models import Account
from hwb.operations import provisioning, sealing, verification
from hwb.operations.invariants import INVARIANTS

pytestmark = pytest.mark.django_db
AUGUST = date(2018, 8, 2)
SEPTEMBER = date(2018, 9, 3)
DAY = timedelta(days=1)


@pytest.fixture
def nation() -> None:
    """Two schools in September: stayers, a leaver claimed, a wait, a guest, a missing learner, staff, a preview."""
    register_schools()
    everyone = [learner_row(n, year_group="6") for n in range(1, 7)]
    deliver(everyone, [staff_row("AB"), staff_row("CD", leaving_date=AUGUST)])
    deliver([learner_row(20, year_group="9")], [staff_row("AB")], school=SECONDARY)
    gone = learner_row(1, year_group="6", leaving_date=AUGUST)
    september = [
        gone,
        *(learner_row(n, year_group="6", legal_surname="Newid" if n == 3 else "Puw") for n in (2, 3, 4, 6)),
    ]
    deliver(september, [staff_row("AB", legal_surname="Lloyd"), staff_row("CD", leaving_date=AUGUST)], on=SEPTEMBER)
    moved = [learner_row(n, year_group="7", start_date=date(2018, 9, 1)) for n in (1, 2)]
    guest = learner_row(4, year_group="6", enrolment_status="G")
    deliver([learner_row(20, year_group="10"), *moved, guest], [staff_row("AB")], school=SECONDARY, on=SEPTEMBER)
    shown = send(extract_of([learner_row(20, year_group="10")], school=SECONDARY, on=SEPTEMBER, hour=13), preview=True)
    provisioning.reconcile(run_id=shown, on=SEPTEMBER, now=datetime(2018, 9, 3, 13, tzinfo=UTC))
    sealing.seal_day(now=datetime(2018, 9, 3, 20, tzinfo=UTC))
    execute("SET CONSTRAINTS ALL IMMEDIATE")


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def broken(*, deep: bool = False) -> set[str]:
    return {breach.invariant for breach in verification.verify(on=SEPTEMBER, deep=deep).breaches}


@pytest.mark.usefixtures("nation")
def test_all_is_well() -> None:
    """After a July and a September with everything in them, nothing is broken; the figures say what was looked at."""
    found = verification.verify(on=SEPTEMBER, deep=True)
    assert found.breaches == ()
    assert found.accounts == Account.objects.count() == 10
    assert found.entries > 15
    assert {"I1", "I3", "I10", "I18", "R5"} <= set(found.invariants)


FREE = "ALTER TABLE {0} DISABLE TRIGGER USER"
BREACHES = {
    "I1": ["UPDATE account SET email = 'Somebody@else.example' WHERE id = (SELECT id FROM account LIMIT 1)"],
    "I2": ["UPDATE account SET username = 'somebody' WHERE id = (SELECT id FROM account LIMIT 1)"],
    "I3": [f"UPDATE upn SET account = NULL WHERE upn = '{upn(3)}'"],
    "one holder": [
        "DROP INDEX one_holder",
        (
            "INSERT INTO placement (account, school, role, began) SELECT account, '6719999', role, began FROM placement"
            " WHERE role = 'holding' AND ended IS NULL LIMIT 1"
        ),
    ],
    "I4": [
        f"UPDATE placement SET ended = '2018-07-03' WHERE account = (SELECT id FROM account WHERE upn = '{upn(3)}')"
    ],
    "R31": [f"UPDATE account SET active = false WHERE upn = '{upn(3)}'"],
    "R40": [
        f"UPDATE account SET active = false WHERE upn = '{upn(3)}'",
        (
            "INSERT INTO allauth_idp_oidc_client (id, name, secret, scopes, default_scopes, type, grant_types,"
            " redirect_uris, cors_origins, allow_uri_wildcards, response_types, skip_consent, created_at)"
            " VALUES ('x', 'x', '!', '', '', 'confidential', '', '', '', false, 'code', true, now())"
        ),
        (
            "INSERT INTO allauth_idp_oidc_token (type, hash, client_id, user_id, created_at, scopes)"
            f" SELECT 'at', 'x', 'x', id, now(), '' FROM account WHERE upn = '{upn(3)}'"
        ),
    ],
    "I7": ["UPDATE learner_record SET refused = true WHERE missing_since IS NOT NULL"],
    "I8": ["UPDATE run SET state = 'withdrawn' WHERE state = 'applied'"],
    "I9": [f"INSERT INTO wait (school, upn, cause, since) VALUES ('{PRIMARY}', '{upn(3)}', 'release', '2018-09-03')"],
    "R3": [f"UPDATE learner_record SET leaving_date = '2018-08-01', due_on = NULL WHERE upn = '{upn(3)}'"],
    "R23": ["UPDATE staff_record SET leaving_date = '2018-08-01', due_on = NULL WHERE leaving_date IS NULL"],
    "R5": ["DELETE FROM wait"],
    "R10": [
        (
            "INSERT INTO first_password (account, ciphertext, key_id, school, made_by, made_at, must_change)"
            f" SELECT id, 'x', 'k', '{PRIMARY}', 'x', now(), false FROM account WHERE upn = '{upn(1)}'"
        ),
    ],
    "I12": [
        (
            "UPDATE account SET retired_into = (SELECT id FROM account WHERE legal_surname = 'Lloyd')"
            " WHERE kind = 'staff' AND NOT active"
        )
    ],
    "R25": [
        (
            "UPDATE account SET retired_into = (SELECT id FROM account WHERE legal_surname = 'Lloyd'), active = false"
            " WHERE kind = 'staff' AND id NOT IN (SELECT id FROM account WHERE legal_surname = 'Lloyd')"
        )
    ],
    "I13": [
        (
            "INSERT INTO identifier (value, kind, account, current)"
            f" SELECT 'arall', 'username', id, false FROM account WHERE upn = '{upn(3)}'"
        )
    ],
    "I15": [
        (
            "UPDATE run SET result = jsonb_set(result, '{counts,learner,unchanged}', '99')"
            " WHERE id = (SELECT id FROM run WHERE state = 'previewed')"
        )
    ],
    "I11": [
        (
            "INSERT INTO service (id, protocol, name, client_id, secret_digest, redirect_uris, after_logout_uris,"
            " logout_uri, start_uri, metadata, attribute_names, scopes, all_schools, is_source, sector, key, created_at,"
            " created_by) VALUES (gen_random_uuid(), 'oidc', 'Mail', 'm', '', '{}', '{}', '', '', '', '{}', '{}', true,"
            " false, 'mail', 'k', now(), 'nobody')"
        ),
        (
            "INSERT INTO connector (id, kind, name, service, options, created_at, created_by, failures, failure, delta,"
            " drifted) SELECT gen_random_uuid(), 'microsoft365', 'mail', id, '{}', now(), 'nobody', 0, '', '{}', 0"
            " FROM service WHERE client_id = 'm'"
        ),
    ],
    "I14": [f"UPDATE placement SET role = 'post' WHERE account = (SELECT id FROM account WHERE upn = '{upn(3)}')"],
    "I16": [
        "UPDATE run SET failure = 'nobody like M671404118001' WHERE id = (SELECT id FROM run LIMIT 1)",
    ],
    "I17": [f"UPDATE account SET email = lower(upn) || '@hwb.example' WHERE upn = '{upn(3)}'"],
    "I18": [f"UPDATE run SET as_at = '2018-01-01' WHERE accepted_no = 2 AND school = '{PRIMARY}'"],
    "R42": ["DROP TRIGGER audit_append_only ON audit"],
}


def test_each_invariant_has_its_breach() -> None:
    """No invariant is listed that no test has seen fail."""
    assert BREACHES.keys() == {invariant.name for invariant in INVARIANTS}


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_made_by_hand_is_reported(name: str) -> None:
    """What SQL broke is named by its invariant."""
    assert broken() == set()
    execute(*BREACHES[name])
    assert name in broken()


@pytest.mark.usefixtures("nation")
def test_a_password_that_is_kept_and_hashed_is_reported() -> None:
    """R10: never both, and never a row that has neither."""
    row = "INSERT INTO first_password (account, ciphertext, hidden_at, key_id, school, made_by, made_at, must_change)"
    one = f"FROM account WHERE upn = '{upn(3)}'"
    execute(f"{row} SELECT id, 'x', NULL, 'k', '{PRIMARY}', 'x', now(), false {one}")
    assert broken() == set()
    assert broken(deep=True) == {"R10"}
    execute("UPDATE account SET password = 'argon2$x'")
    assert broken() == {"R10"}
    execute("UPDATE first_password SET ciphertext = NULL, hidden_at = now()")
    assert broken() == set()
    execute("UPDATE account SET password = ''")
    assert broken() == {"R10"}


SAME_ACCOUNT = {
    "a name taken away": [
        FREE.format("identifier"),
        f"DELETE FROM identifier WHERE kind = 'email' AND account = (SELECT id FROM account WHERE upn = '{upn(3)}')",
    ],
    "a UPN that was never theirs": [
        f"INSERT INTO upn (upn, account) SELECT '{upn(90)}', id FROM account WHERE upn = '{upn(3)}'"
    ],
    "a former UPN taken away": [f"DELETE FROM upn WHERE upn = '{upn(5)}'"],
}


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("what", SAME_ACCOUNT)
def test_whoever_comes_back_has_the_account_of_before(what: str) -> None:
    """I13: re-admission gives the same account: by its names, and by every UPN that ever led to it."""
    rekeyed = [learner_row(n, year_group="6") for n in (2, 3, 4, 6)]
    rekeyed.append(learner_row(31, year_group="6", former_upn=upn(5), birth_date=learner(5).birth_date))
    deliver(rekeyed, [staff_row("AB", legal_surname="Lloyd")], on=SEPTEMBER + DAY)
    assert broken() == set()
    execute(*SAME_ACCOUNT[what])
    assert "I13" in broken()


@pytest.mark.usefixtures("nation")
def test_deep_follows_each_upn() -> None:
    """I13: a UPN that was given to another account than the log's is found by --deep, which decrypts the log."""
    execute(f"UPDATE upn SET account = (SELECT id FROM account WHERE upn = '{upn(6)}') WHERE upn = '{upn(3)}'")
    assert "I13" in broken(deep=True)


COUNTED = {
    "no counts": "UPDATE run SET result = result - 'counts' WHERE state = 'applied'",
    "no staff": "UPDATE run SET result = result #- '{counts,staff}' WHERE state = 'applied'",
    "another sum": "UPDATE run SET result = jsonb_set(result, '{created}', '77') WHERE state = 'applied'",
}


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("what", COUNTED)
def test_counts_must_be_there_and_add_up(what: str) -> None:
    """I15: a run without its counts, with one kind alone, or with other sums, is a breach."""
    execute(COUNTED[what])
    assert "I15" in broken()


def test_an_undone_rekeying_is_no_breach() -> None:
    """I13: the UPN that it lets go leads to nobody, as the log says; the earlier one leads to the account."""
    register_schools()
    deliver([learner_row(1), learner_row(2)])
    again = learner_row(31, former_upn=upn(1), birth_date=learner(1).birth_date)
    run = deliver([again, learner_row(2)], on=SEPTEMBER)
    assert broken(deep=True) == set()
    provisioning.undo(run_id=run, acting_user="t", now=datetime.combine(SEPTEMBER, time(14), UTC), on=SEPTEMBER)
    assert Account.objects.get(upn=upn(1)).active
    assert broken(deep=True) == set()


def test_a_upn_put_on_somebody_else_by_its_holder_is_no_breach() -> None:
    """R4: the wait at the holding school is for support; nothing is broken by it."""
    register_schools()
    deliver([learner_row(1), learner_row(2)])
    deliver([learner_row(1, legal_surname="Newid", birth_date=AUGUST.replace(year=2008)), learner_row(2)], on=SEPTEMBER)
    assert Account.objects.get(upn=upn(1)).active
    assert broken(deep=True) == set()


LOG = {
    "an entry changed": "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
    "an entry removed": f"DELETE FROM audit WHERE seq = 3 AND chain = '{PRIMARY}'",
    "the end removed": f"DELETE FROM audit WHERE chain = '{SECONDARY}'"
    f" AND seq = (SELECT max(seq) FROM audit WHERE chain = '{SECONDARY}')",
    "the head moved": "UPDATE chain_head SET hash = 'x'",
    "the seal changed": 'UPDATE seal SET heads = heads || \'{"6719999": [1, "00"]}\'',
}


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("what", LOG)
def test_a_log_that_was_touched_does_not_hold(what: str) -> None:
    """I10, R42: an entry changed or taken away, in the middle or at the end, shows."""
    execute(FREE.format("audit"), LOG[what])
    assert broken() >= {"I10"}


@pytest.mark.usefixtures("nation")
def test_an_end_rewritten_after_the_seal_shows() -> None:
    """R42: whoever cuts a chain's end off and moves its head back is found by the night's seal."""
    execute(FREE.format("audit"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM audit WHERE chain = %s ORDER BY seq DESC OFFSET 1 LIMIT 1", [SECONDARY])
        seq, head = cursor.fetchone()
        cursor.execute("DELETE FROM audit WHERE chain = %s AND seq > %s", [SECONDARY, seq])
        cursor.execute("UPDATE chain_head SET seq = %s, hash = %s WHERE chain = %s", [seq, head, SECONDARY])
    texts = {breach.text for breach in verification.verify(on=SEPTEMBER).breaches}
    assert any("which was sealed, is gone" in text for text in texts)


FOLD = {
    "state": "UPDATE account SET active = NOT active WHERE kind = 'staff'",
    "holder": f"UPDATE placement SET school = '{SECONDARY}' WHERE role = 'holding' AND ended IS NULL",
    "guest placements": "DELETE FROM placement WHERE role = 'guest'",
    "posts": "DELETE FROM placement WHERE role = 'post'",
    "personal values": "UPDATE account SET legal_surname = 'Arall'",
    "digest of personal values": "UPDATE account SET personal_digest = 'x'",
}


@pytest.mark.usefixtures("nation")
@pytest.mark.parametrize("what", FOLD)
def test_what_stands_must_be_what_the_log_tells(what: str) -> None:
    """I10: fold(audit) is state, holder, placements and keyed digests; a value changed beside the log shows."""
    execute(FOLD[what])
    assert any(what in breach.text for breach in verification.verify(on=SEPTEMBER).breaches)


@pytest.mark.usefixtures("nation")
def test_deep_compares_the_texts() -> None:
    """I10: a name changed with its digest made anew is found by --deep, which decrypts the log."""
    from django.conf import settings

    from hwb.directory.vault import PersonKey
    from hwb.operations.chains import NAMES

    execute(FREE.format("audit"))
    with connection.cursor() as cursor:
        columns = ", ".join(f"a.{name}::text" for name in NAMES)
        cursor.execute(
            f"UPDATE account a SET legal_surname = 'Arall' FROM person_key k"
            f" WHERE k.account = a.id AND a.upn = %s RETURNING a.id::text, k.wrapped, {columns}",
            [upn(3)],
        )
        id_, wrapped, *values = cursor.fetchone()
        key = PersonKey.unwrap(id_, bytes(wrapped), secret=str(settings.SECRET_KEY))
        digest = key.digest(dict(zip(NAMES, values, strict=True)))
        cursor.execute("UPDATE account SET personal_digest = %s WHERE id = %s", [digest, id_])
    texts = {breach.text for breach in verification.verify(on=SEPTEMBER, deep=True).breaches}
    assert "the log tells of other personal values" in texts


@pytest.mark.usefixtures("nation")
def test_a_key_that_cannot_be_read_is_told() -> None:
    """R42: a person's key that was exchanged for another's is found."""
    execute("UPDATE person_key SET wrapped = 'nonsense nonsense nonsense'")
    texts = {breach.text for breach in verification.verify(on=SEPTEMBER).breaches}
    assert "the person's key cannot be read" in texts


@pytest.mark.usefixtures("nation")
def test_a_seal_is_made_once_a_day() -> None:
    """R42: the second seal of a day is none; the next day's covers the one before."""
    assert not sealing.seal_day(now=datetime(2018, 9, 3, 22, tzinfo=UTC))
    assert sealing.seal_day(now=datetime(2018, 9, 4, 2, tzinfo=UTC))
    assert broken() == set()
    assert JULY < SEPTEMBER
