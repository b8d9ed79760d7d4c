"""Clients: registered, enrolled once, known by signed assertions that count once, revoked at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import connection
from tests.support.client_keys import ISSUER, assertion, new_key
from tests.support.deliveries import register_schools
from tests.support.people import PRIMARY, SECONDARY

from hwb.directory.models import AccessToken, Audit, Client, ClientAssertion
from hwb.operations import client_keys, clients
from hwb.operations.client_keys import ClientRefused

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
CALENDAR = datetime(2018, 9, 3, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def schools() -> None:
    register_schools()


def register(*schools: str, at: datetime = AT) -> clients.Registration:
    return clients.register(schools=schools or (PRIMARY,), acting_user="root", at=at, now=CALENDAR)


def enrol(code: str, *, at: datetime = AT, jwk: dict[str, Any] | None = None) -> clients.Enrolment:
    return clients.enrol(code=code, public_key=jwk or new_key()[1], version="1.0", at=at, now=CALENDAR)


def enrolled(*schools: str, at: datetime = AT) -> tuple[UUID, Any]:
    key, jwk = new_key()
    return enrol(register(*schools, at=at).code, at=at, jwk=jwk).client, key


def token(client: object, key: Any, *, at: datetime = AT, **claims: Any) -> str:
    signed = claims.pop("signed_at", at)
    return clients.issue_token(assertion=assertion(client, key, at=signed, **claims), audiences={ISSUER}, at=at)


def test_a_code_is_long_unambiguous_and_stored_hashed() -> None:
    """Ten characters or more, none that is mixed up with another, and not to be read from the database."""
    made = register(PRIMARY, SECONDARY)
    letters = made.code.replace("-", "")
    assert len(letters) >= 10
    assert not set(letters) & set("0O1IL2Z5S8B")
    assert (made.expires, made.schools) == (AT + timedelta(minutes=60), (PRIMARY, SECONDARY))
    stored = Client.objects.get(id=made.client)
    assert letters not in stored.code_digest
    assert len(stored.code_digest) == 64


def test_a_client_is_registered_only_for_schools_of_the_register() -> None:
    """An unknown school is named, and nothing is made."""
    with pytest.raises(ClientRefused, match="unknown_school") as refused:
        register(PRIMARY, "6719999")
    assert refused.value.text.values["schools"] == "6719999"
    assert not Client.objects.exists()


def test_a_code_enrols_once() -> None:
    """However it is typed, a code counts once; afterwards it is as wrong as any other."""
    made = register(PRIMARY, SECONDARY)
    enrolment = enrol(made.code.lower().replace("-", " "))
    assert (enrolment.client, enrolment.schools) == (made.client, (PRIMARY, SECONDARY))
    with pytest.raises(ClientRefused, match="code_invalid"):
        enrol(made.code)


@pytest.mark.parametrize(("late", "fine"), [(timedelta(minutes=59), True), (timedelta(minutes=60), False)])
def test_a_code_lives_for_60_minutes_of_the_real_clock(late: timedelta, fine: bool) -> None:
    """At its 60th minute a code is over."""
    made = register()
    if fine:
        assert enrol(made.code, at=AT + late).client == made.client
    else:
        with pytest.raises(ClientRefused, match="code_invalid"):
            enrol(made.code, at=AT + late)


def test_a_revoked_registration_cannot_be_enrolled() -> None:
    """Revoking ends a code that nobody used yet."""
    made = register()
    clients.revoke(client=made.client, acting_user="root", at=AT, now=CALENDAR)
    with pytest.raises(ClientRefused, match="code_invalid"):
        enrol(made.code)


def test_only_a_public_p256_key_is_taken() -> None:
    """A private key, another curve or nonsense is refused and the code stays good."""
    made = register()
    good = new_key()[1]
    for bad in ({**good, "d": "AAAA"}, {**good, "crv": "P-384"}, {**good, "x": "?"}, {"kty": "oct"}, {**good, "x": 5}):
        with pytest.raises(ClientRefused, match="key_invalid"):
            enrol(made.code, jwk=bad)
    assert enrol(made.code, jwk=good)


def test_a_good_assertion_gets_a_token_for_ten_minutes() -> None:
    """The token is opaque, stored hashed, and names the client and its schools until it ends."""
    client, key = enrolled(PRIMARY, SECONDARY)
    issued = token(client, key)
    assert not AccessToken.objects.filter(digest=issued).exists()
    known = clients.client_of_token(issued, at=AT + timedelta(minutes=9))
    assert known == clients.Known(client, frozenset({PRIMARY, SECONDARY}))
    assert clients.client_of_token(issued, at=AT + timedelta(minutes=10)) is None
    assert clients.client_of_token(issued + "x", at=AT) is None


def test_the_endpoints_own_address_is_an_audience_too() -> None:
    """`aud` may be the issuer or the token endpoint, and nobody else."""
    client, key = enrolled()
    with pytest.raises(ClientRefused, match="wrong_audience"):
        token(client, key, aud="https://elsewhere.example")


BAD: dict[str, dict[str, Any]] = {
    "another subject": {"sub": str(uuid4())},
    "no id": {"jti": None},
    "an empty id": {"jti": ""},
    "an id that is no text": {"jti": 7},
    "an endless id": {"jti": "x" * 201},
    "longer than five minutes": {"minutes": 5.5},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "an end before its beginning": {"minutes": -1},
    "a time that is no number": {"iat": "yesterday"},
    "a time beyond all calendars": {"iat": 1e300, "exp": 1e300},
}


@pytest.mark.parametrize("fault", BAD)
def test_an_assertion_that_is_not_as_agreed_proves_nothing(fault: str) -> None:
    """Wrong in one point, refused without saying which."""
    client, key = enrolled()
    with pytest.raises(ClientRefused, match="invalid_client"):
        token(client, key, **BAD[fault])


def test_nobody_elses_key_and_no_other_algorithm_proves_anything() -> None:
    """Another EC key, RSA, HMAC with the public key, and "none" are all refused."""
    client, key = enrolled()
    confused = _hmac_with_public_key(assertion(client, key, at=AT), Client.objects.get(id=client).public_key)
    with pytest.raises(ClientRefused, match="invalid_client"):
        clients.issue_token(assertion=confused, audiences={ISSUER}, at=AT)
    for key, algorithm in (
        (new_key()[0], "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (None, "none"),
    ):
        with pytest.raises(ClientRefused, match="invalid_client"):
            token(client, key, algorithm=algorithm)


def _hmac_with_public_key(signed: str, public_key: str) -> str:
    """The same claims under HS256 with the public key as the secret: the classic confusion of algorithms."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    content = f"{head}.{signed.split('.')[1]}"
    mac = hmac.new(public_key.encode(), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é" * 10, "e30.e30.e30", "x" * 5000])
def test_what_is_no_assertion_is_refused_quietly(text: str) -> None:
    """Any text gets the same answer, never an exception of another kind."""
    with pytest.raises(ClientRefused, match="invalid_client"):
        clients.issue_token(assertion=text, audiences={ISSUER}, at=AT)


@pytest.mark.parametrize(
    ("off", "fine"),
    [
        (timedelta(seconds=59), True),
        (timedelta(seconds=61), False),
        (timedelta(days=365), False),
        (-timedelta(seconds=120 + 59), True),
        (-timedelta(seconds=120 + 61), False),
        (-timedelta(days=365), False),
    ],
)
def test_a_wrong_clock_is_said_to_be_one(off: timedelta, fine: bool) -> None:
    """Up to 60 s of difference pass; beyond that the answer names both clocks (F11)."""
    client, key = enrolled(at=AT - timedelta(days=1))
    if fine:
        assert token(client, key, signed_at=AT + off)
        return
    with pytest.raises(ClientRefused, match="clock_wrong") as refused:
        token(client, key, signed_at=AT + off)
    assert refused.value.text.values["ours"] == "2026-03-02 10:00:00"


def test_an_assertion_counts_once() -> None:
    """A replayed assertion is refused for as long as it could be replayed, and forgotten afterwards."""
    client, key = enrolled()
    signed = assertion(client, key, at=AT)
    clients.issue_token(assertion=signed, audiences={ISSUER}, at=AT)
    with pytest.raises(ClientRefused, match="assertion_replayed"):
        clients.issue_token(assertion=signed, audiences={ISSUER}, at=AT)
    clients.forget_expired(at=AT + timedelta(minutes=3))
    assert ClientAssertion.objects.exists()  # 2 minutes and the skew on both sides: it could still be taken
    with pytest.raises(ClientRefused, match="assertion_replayed"):
        clients.issue_token(assertion=signed, audiences={ISSUER}, at=AT + timedelta(minutes=2.9))
    clients.forget_expired(at=AT + timedelta(minutes=11))
    assert not ClientAssertion.objects.exists()
    assert not AccessToken.objects.exists()


def test_a_key_ends_after_13_months() -> None:
    """The key works on the last day and not after; a token that was still good ends with it."""
    assert client_keys.key_expiry(datetime(2026, 1, 31, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)
    client, key = enrolled(at=AT)
    end = datetime(2027, 4, 2, 10, tzinfo=UTC)
    last = token(client, key, at=end - timedelta(minutes=1))
    assert clients.client_of_token(last, at=end - timedelta(seconds=1)) is not None
    assert clients.client_of_token(last, at=end) is None
    with pytest.raises(ClientRefused, match="key_expired"):
        token(client, key, at=end)


def test_revoking_ends_tokens_at_once() -> None:
    """A stolen computer's tokens end with its client; a second revocation says that there was nothing to do."""
    client, key = enrolled()
    issued = token(client, key)
    assert clients.revoke(client=client, acting_user="root", at=AT, now=CALENDAR)
    assert clients.client_of_token(issued, at=AT) is None
    with pytest.raises(ClientRefused, match="client_revoked"):
        token(client, key)
    assert not clients.revoke(client=client, acting_user="root", at=AT, now=CALENDAR)
    assert not clients.revoke(client=uuid4(), acting_user="root", at=AT, now=CALENDAR)


def test_every_act_is_in_the_log_on_the_calendars_day() -> None:
    """R42: registered, enrolled and revoked, with who did it."""
    client, _ = enrolled()
    clients.revoke(client=client, acting_user="root", at=AT, now=CALENDAR)
    entries = list(Audit.objects.order_by("id").values_list("action", "actor", "at"))
    assert entries == [
        ("client registered", "root", CALENDAR),
        ("client enrolled", f"client:{client}", CALENDAR),
        ("client revoked", "root", CALENDAR),
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_replays_at_once_one_is_let_through() -> None:
    """Eight threads with one assertion get one token."""
    client, key = enrolled(at=datetime.now(UTC))
    signed = assertion(client, key)
    barrier = threading.Barrier(8)
    answers: list[str] = []

    def ask() -> None:
        barrier.wait()
        try:
            clients.issue_token(assertion=signed, audiences={ISSUER}, at=datetime.now(UTC))
            answers.append("token")
        except ClientRefused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["assertion_replayed"] * 7 + ["token"]
