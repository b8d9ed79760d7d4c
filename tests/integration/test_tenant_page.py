"""The stand-in for Microsoft 365 as a program: its page for people, in both languages, and Graph beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx2
import pytest
from tests.support.languages import foreign_texts
from tests.support.programs import free_port, running

from hwb.demo.tenant import SECRET, SKUS

USER = {
    "accountEnabled": True, "displayName": "<Mali> Rees", "mailNickname": "mali", "usageLocation": "GB", "mail": "mali@hwb.example.wales",
    "userPrincipalName": "mali@hwb.example.wales", "onPremisesImmutableId": "x", "passwordProfile": {"password": "x"},
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "cy"])
def test_whoever_changed_last_is_first(language: str, tmp_path: Path) -> None:
    """A user and their group, made through Graph, stand on the page; names are text and no markup."""
    port = free_port()
    with (
        running([sys.executable, "-m", "hwb.demo.tenant"], port=port, log=tmp_path / "log"),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        token = {"grant_type": "client_credentials", "client_secret": SECRET}
        assert http.post("/t/oauth2/v2.0/token", data={**token, "client_secret": "x"}).status_code == 401
        assert http.post("/t/oauth2/v2.0/token", data=token).status_code == 200
        graph = {"Authorization": "Bearer token"}
        made = http.post("/v1.0/users", json=USER, headers=graph).json()["id"]
        licence = {"addLicenses": [{"skuId": SKUS["learner"]}], "removeLicenses": []}
        http.post(f"/v1.0/users/{made}/assignLicense", json=licence, headers=graph)
        assert http.get("/v1.0/users/x").status_code == 401
        assert http.get("/").headers["location"] == "/en/"
        page = http.get(f"/{language}/")
        assert not foreign_texts(page.content, language)
        assert "&lt;Mali&gt; Rees" in page.text
        assert {"en": "Learner", "cy": "Dysgwr"}[language] in page.text
