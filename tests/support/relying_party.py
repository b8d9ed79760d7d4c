"""A small service for tests: it signs people in by a test client, as a library would."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from django.test import Client
from jwt.algorithms import RSAAlgorithm

from hwb.operations import services
from hwb.operations.services import Wanted

BACK = "https://maths.example/back"
EVERYTHING = ("openid", "profile", "email", "roles", "organisation", "age_band", "offline_access")


@dataclass
class Party:
    """A registered service, and what it asks."""

    made: services.Registered
    back: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    asking: Client = field(default_factory=Client)

    def request(self, **changes: str | None) -> str:
        """The address of an authorization request; None leaves a parameter out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        parameters: dict[str, str | None] = {
            "client_id": self.made.client_id, "redirect_uri": self.back, "response_type": "code",
            "scope": " ".join(EVERYTHING), "state": "st", "nonce": "no", "code_challenge": challenge,
            "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        return "/en/authorize/?" + urlencode({name: value for name, value in parameters.items() if value is not None})

    def code(self, browser: Client, **changes: str | None) -> str:
        """The code that a signed-in browser brings back."""
        return answer_of(browser.get(self.request(**changes)))["code"]

    def ask(self, path: str, basic: bool = True, **sent: str) -> Any:
        """A POST of the service's own, with its secret."""
        if basic:
            text = base64.b64encode(f"{self.made.client_id}:{self.made.secret}".encode()).decode()
            return self.asking.post(path, sent, headers={"authorization": f"Basic {text}"})
        return self.asking.post(path, {**sent, "client_id": self.made.client_id, "client_secret": self.made.secret})

    def redeem(self, code: str, **changes: str) -> Any:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, **changes}
        return self.ask("/api/oidc/token", **{"code_verifier": self.verifier, **sent})

    def refresh(self, token: str) -> Any:
        return self.ask("/api/oidc/token", grant_type="refresh_token", refresh_token=token)

    def userinfo(self, token: str) -> Any:
        return self.asking.get("/api/oidc/userinfo", headers={"authorization": f"Bearer {token}"})

    def introspect(self, token: str) -> Any:
        return self.ask("/api/oidc/introspect", token=token).json()

    def told(self, id_token: str, **options: Any) -> dict[str, Any]:
        """The id token, checked against the published keys."""
        kid = jwt.get_unverified_header(id_token)["kid"]
        found = {key["kid"]: key for key in self.asking.get("/api/oidc/keys").json()["keys"]}[kid]
        told: dict[str, Any] = jwt.decode(
            id_token, RSAAlgorithm.from_jwk(found), algorithms=["RS256"], audience=self.made.client_id,  # type: ignore[arg-type]
            issuer="http://localhost:8000", **options,
        )  # fmt: skip
        return told


def party(**more: Any) -> Party:
    """A service for the one school or those of `more`."""
    wanted = Wanted(**{"protocol": "oidc", "name": "Maths", "redirect_uris": (BACK,), "scopes": EVERYTHING, **more})
    at = datetime.now(UTC)
    return Party(services.register(wanted, acting_user="tests", at=at, now=at))


def answer_of(response: Any) -> dict[str, str]:
    """What was sent back to the service in its address."""
    assert response.status_code == 302, response.content
    return dict(parse_qsl(urlsplit(response["Location"]).query))
