"""The keys of first passwords, and what they seal."""

from __future__ import annotations

import pytest

from hwb.directory.keyring import BLOCK, KeyNotUsable, KeyRing, PasswordUnreadable, key_id, new_key, read_key

A, B = "0190c0de-0000-7000-8000-000000000001", "0190c0de-0000-7000-8000-000000000002"


def test_what_is_sealed_is_opened_for_its_account_alone() -> None:
    """AES-GCM with the account's id: a row that was moved to another account cannot be read."""
    ring = KeyRing.of([], secret="secret")
    sealed = ring.seal(A, "tŷ-bach-twt-ŵyn")
    assert ring.open(A, ring.current, sealed) == "tŷ-bach-twt-ŵyn"
    assert sealed != ring.seal(A, "tŷ-bach-twt-ŵyn")
    for account, key, what in ((B, ring.current, sealed), (A, "0" * 12, sealed), (A, ring.current, sealed[:-1] + b"x")):
        with pytest.raises(PasswordUnreadable):
            ring.open(account, key, what)


def test_a_ciphertext_does_not_tell_the_length() -> None:
    """Up to 64 bytes all are as long as one another."""
    ring = KeyRing.of([], secret="secret")
    assert {len(ring.seal(A, "x" * length)) for length in (1, 12, 40, BLOCK)} == {12 + BLOCK + 16}


def test_the_first_key_seals_and_all_of_them_open() -> None:
    """Also what lies under the key derived from the secret key, from before there were others."""
    old, new = new_key(), new_key()
    before = KeyRing.of([], secret="secret")
    then = KeyRing.of([old], secret="secret")
    now = KeyRing.of([new, old], secret="secret")
    assert now.current == key_id(read_key(new))
    assert now.open(A, before.current, before.seal(A, "one")) == "one"
    assert now.open(A, then.current, then.seal(A, "two")) == "two"
    assert before.current != KeyRing.of([], secret="another").current


@pytest.mark.parametrize("text", ["", "short", "é" * 44, "A" * 43, "A" * 43 + "=A", "A" * 43 + "!"])
def test_a_key_that_is_none_is_refused_without_being_repeated(text: str) -> None:
    """The message says how to make one."""
    with pytest.raises(KeyNotUsable, match="hwb passwords new-key") as error:
        KeyRing.of([text], secret="secret")
    assert not text or text not in str(error.value)
