"""An enrolled client as the provisioning API sees it, for tests of the server."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.test import Client as Browser
from tests.support.client_keys import ISSUER, assertion, new_key
from tests.support.people import PRIMARY

from hwb.operations import client_keys, clients

BASE = "/api/provisioning/v1"


class Sender:
    """An enrolled client for the primary, with a token."""

    def __init__(self, browser: Browser, *schools: str) -> None:
        self.browser = browser
        self.key, self.jwk = new_key()
        now = datetime.now(UTC)
        made = clients.register(schools=schools or (PRIMARY,), acting_user="root", at=now, now=now)
        self.enrolment = post(browser, "/enrolments", {"code": made.code, "public_key": self.jwk, "version": "1.0"})
        self.id = self.enrolment.json()["client"]
        self.token = self.ask().json()["access_token"]

    def ask(self, **claims: Any) -> Any:
        return self.browser.post(
            f"{BASE}/token",
            {
                "grant_type": "client_credentials",
                "client_assertion_type": client_keys.ASSERTION_TYPE,
                "client_assertion": assertion(self.id, self.key, **{"aud": f"{ISSUER}{BASE}/token", **claims}),
            },
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.browser.get(BASE + path, headers={"Authorization": f"Bearer {self.token}", **headers})

    def put(
        self, body: bytes, *, run: UUID | None = None, query: str = "", packed: bytes | None = None, **more: str
    ) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:",
            **({"Content-Encoding": "gzip"} if packed is not None else {}),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        content = body if packed is None else packed
        path = f"{BASE}/runs/{run or uuid4()}{query}"
        return self.browser.put(path, content, "application/json", headers=headers)

    def post(self, path: str, content: Any) -> Any:
        return post(self.browser, path, content, {"Authorization": f"Bearer {self.token}"})


def post(browser: Browser, path: str, content: Any, headers: dict[str, str] | None = None) -> Any:
    return browser.post(BASE + path, json.dumps(content), "application/json", headers=headers or {})
