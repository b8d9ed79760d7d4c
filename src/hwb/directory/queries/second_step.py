"""What somebody has beside the password, and lost devices that wait for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hwb.directory.queries.rows import fetch


@dataclass(frozen=True, slots=True)
class FactorRow:
    """An app or a passkey; times are real ones."""

    id: UUID
    kind: str
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecondStep:
    """All of one account. recovery: how many recovery codes are left."""

    factors: tuple[FactorRow, ...]
    recovery: int

    @property
    def has_app(self) -> bool:
        return any(factor.kind == "app" for factor in self.factors)

    @property
    def has_passkey(self) -> bool:
        return any(factor.kind == "passkey" for factor in self.factors)


def of_account(account: UUID) -> SecondStep:
    """The account's second step; without factors it has none."""
    rows = fetch(_FACTORS, {"account": account})
    return SecondStep(
        tuple(FactorRow(**row) for row in rows if row["kind"] != "recovery"),
        sum(row["kind"] == "recovery" for row in rows),
    )


def has_one(account: UUID) -> bool:
    """Whether signing in asks for a second step."""
    return bool(fetch("SELECT 1 FROM second_factor WHERE account = %(account)s LIMIT 1", {"account": account}))


_FACTORS = """
SELECT id, kind, name, made_at, used_at FROM second_factor WHERE account = %(account)s ORDER BY made_at, id
"""
