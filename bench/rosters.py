"""A nation's people read by services: OneRoster and SCIM at 1,000 a page, asked for inside this process."""

# ruff: noqa: T201 - it reports to whoever started it
from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

from django.test import Client

from bench.pages import NOW
from hwb.operations import services
from hwb.operations.services import Wanted

PAGE = 1000
#: Of these many pages at the beginning and at the end the middle one is compared: one alone says little.
COMPARED = 20
#: The last page may take so many times what the first does.
TIMES = 1.2


def measure() -> list[dict[str, Any]]:
    """Lines for build/bench.json: a last page of OneRoster's users beside a first, and all of SCIM's users."""
    os.environ["HWB_NOW"] = NOW.isoformat()
    pages = _read("oneroster", "/ims/oneroster/rostering/v1p2/users?limit={count}&offset={offset}", "users")
    first, last = median(pages[1 : COMPARED + 1]), median(pages[-COMPARED:])
    print(f"oneroster_users: {len(pages)} pages in {sum(pages):.1f} s, the first, with their number, {pages[0]:.2f} s")
    exported = sum(_read("scim", "/scim/v2/Users?count={count}&startIndex={start}", "Resources"))
    return [
        {"name": "oneroster_users_page", "value": round(last * 1000, 2), "unit": "ms",
         "limit": round(first * TIMES * 1000, 2), "ratio": round(last / first, 2)},
        {"name": "scim_users", "value": round(exported, 2), "unit": "s", "limit": round(exported, 2), "ratio": 1.0},
    ]  # fmt: skip


def is_right(line: dict[str, Any]) -> bool:
    """Whether a page costs the same wherever it lies."""
    return bool(line["ratio"] <= TIMES)


def _read(protocol: str, address: str, things: str) -> list[float]:
    """Seconds of each whole page of all people; the last, which may be short, is left out."""
    now = datetime.now(UTC)
    scopes = ("profile", "email", "roles", "organisation") if protocol == "scim" else ()
    wanted = Wanted(protocol=protocol, name="Bench", all_schools=True, scopes=scopes)
    made = services.register(wanted, acting_user="bench", at=now, now=now)
    client = Client(SERVER_NAME="localhost")
    sent = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
    token = client.post("/api/oidc/token", sent).json()["access_token"]
    seconds, known = [], set()
    while True:
        offset = len(seconds) * PAGE
        begun = time.perf_counter()
        answer = client.get(
            address.format(count=PAGE, offset=offset, start=offset + 1), headers={"authorization": f"Bearer {token}"}
        )
        took = time.perf_counter() - begun
        found = answer.json()[things]
        known.update(one.get("sourcedId") or one["id"] for one in found)
        if len(found) < PAGE:
            break
        seconds.append(took)
    if len(known) != len(seconds) * PAGE + len(found):
        raise SystemExit(f"{protocol}: somebody came twice")
    return seconds
