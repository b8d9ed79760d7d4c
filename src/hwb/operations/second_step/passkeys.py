"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is right. Only public keys are kept."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hwb.directory.queries.rows import fetch
from hwb.operations.second_step.refusals import StepRefused

_LONGEST = 20_000
# What a malformed answer makes the library raise, besides its own ValueError.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, AssertionError, IndexError, struct.error)


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: the host's name without its port, and the origin that a browser must state."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes to the browser as JSON, and what is kept until its answer."""

    options: str
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey's public data and its signature counter."""

    data: bytes
    counter: int


def begin_passkey(*, account: UUID, username: str, name: str, site: Site) -> Asked:
    """Asks for a new passkey. Those that the account has are named, so that none is made twice."""
    options, state = _server(site).register_begin(
        PublicKeyCredentialUserEntity(id=account.bytes, name=username, display_name=name),
        credentials=known(account),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Asked(json.dumps(dict(options)), state)


def begin_proof(*, account: UUID, site: Site) -> Asked:
    """Asks for one of the account's passkeys."""
    options, state = _server(site).authenticate_begin(
        credentials=known(account), user_verification=UserVerificationRequirement.PREFERRED
    )
    return Asked(json.dumps(dict(options)), state)


def registered(site: Site, state: Mapping[str, Any], answer: str) -> Registered:
    """The new passkey. Raises StepRefused for an answer to another question, from another place or a malformed one."""
    try:
        response = RegistrationResponse.from_dict(_read(answer))
        made = _server(site).register_complete(state, response)
    except _MALFORMED:
        raise StepRefused("passkey") from None
    if made.credential_data is None:
        raise StepRefused("passkey")
    return Registered(bytes(made.credential_data), made.counter)


def proved(site: Site, state: Mapping[str, Any], answer: str, keys: Sequence[bytes]) -> Registered:
    """Which of the passkeys answered, and its counter now. Raises StepRefused."""
    try:
        response = AuthenticationResponse.from_dict(_read(answer))
        used = _server(site).authenticate_complete(state, [AttestedCredentialData(key) for key in keys], response)
    except _MALFORMED:
        raise StepRefused("passkey") from None
    return Registered(bytes(used), response.response.authenticator_data.counter)


def known(account: UUID) -> list[AttestedCredentialData]:
    """The account's passkeys."""
    rows = fetch(
        "SELECT secret FROM second_factor WHERE account = %(account)s AND kind = 'passkey'", {"account": account}
    )  # fmt: skip
    return [AttestedCredentialData(bytes(row["secret"])) for row in rows]


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST:
        raise ValueError("too long")
    return cast("dict[str, Any]", json.loads(answer))


def _server(site: Site) -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=site.host, name="Hwb"), verify_origin=lambda stated: stated == site.origin
    )  # fmt: skip
