"""Talking to the server: the client proves itself with its own key (private_key_jwt, RFC 7523), and retries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import random
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hwb.client.home import Home

VERSION = "0.1.0"
API = "/api/provisioning/v1"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TRIES = int(os.environ.get("HWB_CLIENT_TRIES", "4"))
FIRST_PAUSE = float(os.environ.get("HWB_CLIENT_PAUSE", "1"))
TIMEOUT = 60
SERVER_AWAY = 500


class NotReached(Exception):
    """The server did not answer after all tries."""


class Refused(Exception):
    """The server said no: ``code`` is stable, ``text`` in the asked language."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(code)
        self.status, self.code, self.text = status, code, text


def new_key() -> tuple[bytes, dict[str, str]]:
    """A private key (PEM) that never leaves the machine, and its public half as a JWK."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return pem, {name: public[name] for name in ("kty", "crv", "x", "y")}


def check_address(server: str) -> None:
    """Raises ValueError for an address that is neither https nor on this computer."""
    parts = urlsplit(server)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(server)


@dataclass(slots=True)
class Session:
    """One client's conversation with its server."""

    home: Home
    language: str
    server: str = ""
    token: str = ""
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=TIMEOUT, trust_env=False))

    def enrol(self, server: str, code: str) -> dict[str, Any]:
        """Makes a key pair and gives its public half for the code. Raises Refused, NotReached, ValueError."""
        check_address(server)
        self.server = server.rstrip("/")
        pem, public = new_key()
        body = {"code": code.strip(), "public_key": public, "version": VERSION}
        answer = self._send("POST", "/enrolments", json=body)
        self.home.write("key.pem", pem)
        self.home.remember({"server": self.server, "client": answer["client"], "schools": answer["schools"]})
        return answer

    def put_run(self, run: str, body: bytes, *, preview: bool) -> dict[str, Any]:
        """Sends one delivery; the same run id again is harmless."""
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "Repr-Digest": f"sha-256=:{digest}:",
        }
        packed = gzip.compress(body, 6)
        return self._authorised(
            "PUT", f"/runs/{run}", params={"preview": int(preview)}, headers=headers, content=packed
        )

    def get(self, path: str) -> dict[str, Any]:
        return self._authorised("GET", path)

    def check_in(self, schools: list[dict[str, Any]]) -> dict[str, Any]:
        return self._authorised("POST", "/check-ins", json={"version": VERSION, "schools": schools})

    def _authorised(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        settings = self.home.settings()
        self.server = settings["server"]
        if not self.token:
            self.token = self._send("POST", "/token", data=self._assertion(settings))["access_token"]
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {self.token}"}
        return self._send(method, path, headers=headers, **request)

    def _assertion(self, settings: dict[str, Any]) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": settings["client"], "sub": settings["client"], "aud": f"{self.server}{API}/token",
            "jti": str(uuid4()), "iat": now, "exp": now + 120,
        }  # fmt: skip
        key = self.home.private_key() or b""
        assertion = jwt.encode(claims, key, algorithm="ES256")
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def _send(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        request["headers"] = {**request.get("headers", {}), "Accept-Language": self.language}
        for attempt in range(TRIES):
            if attempt:
                time.sleep(FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            try:
                answer = self.http.request(method, f"{self.server}{API}{path}", **request)
            except httpx2.HTTPError:
                continue
            if answer.status_code >= SERVER_AWAY:
                continue
            return self._understood(answer)
        raise NotReached(self.server)

    def _understood(self, answer: httpx2.Response) -> dict[str, Any]:
        try:
            content: dict[str, Any] = answer.json()
        except ValueError:
            raise NotReached(self.server) from None
        if answer.is_success:
            return content
        name = "message_cy" if self.language == "cy" else "message"
        raise Refused(answer.status_code, str(content.get("code", "")), str(content.get(name, "")))
