"""Second steps for tests: the code of an app now, an app set up for an account."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from hwb.lifecycle import second_step as rules
from hwb.operations import second_step


def code_now(secret: str, *, later: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    return rules.code_at(secret, int(time.time()) // rules.STEP_SECONDS + later)


def set_up(account: UUID) -> tuple[str, list[str]]:
    """Gives the account an app whose last code was used a minute ago; its secret, and the recovery codes."""
    secret, at = second_step.new_app_secret(), datetime.fromtimestamp(time.time() - 90, UTC)
    code = rules.code_at(secret, int(at.timestamp()) // rules.STEP_SECONDS)
    return secret, second_step.add_app(account=account, secret=secret, code=code, now=at, at=at)
