"""The reference server of the Just2easy contract, over HTTP (docs/howto/just2easy.md; R41)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx2
import pytest
from tests.support.programs import free_port, running

from hwb.demo.just2easy import ADAPTER
from hwb.demo.just2easy.shelf import Access, Right, Shelf, Shut

MALI, NEL = "0f" * 16, "1a" * 16
PRIMARY, SECONDARY = "6601001", "6604001"
PERSON = {"name": "Mali Rees", "address": "mali@hwb.example.wales", "kind": "learner", "active": True}


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """The program, and somebody with its token."""
    port = free_port()
    environment = {
        "ISSUER": "http://localhost:1", "CLIENT_ID": "c", "CLIENT_SECRET": "s", "ADAPTER_ID": "hwb",
        "ADAPTER_SECRET": "gyfrinach",
    }  # fmt: skip
    log = tmp_path_factory.mktemp("just2easy") / "log"
    with running([sys.executable, "-m", "hwb.demo.just2easy"], port=port, log=log, **environment):
        base = f"http://127.0.0.1:{port}{ADAPTER}"
        with httpx2.Client(base_url=base, trust_env=False) as http:
            form = {"grant_type": "client_credentials"}
            assert http.post("/oauth2/token", data=form, auth=("hwb", "wrong")).status_code == 401
            told = http.post("/oauth2/token", data=form, auth=("hwb", "gyfrinach")).json()
            http.headers["Authorization"] = f"Bearer {told['access_token']}"
            yield http


def test_without_a_token_nothing_is_told(adapter: httpx2.Client) -> None:
    """401 for no token and for a wrong one."""
    for given in ("", "Bearer x", "Basic aHdiOmd5ZnJpbmFjaA=="):
        assert adapter.get("/people", headers={"Authorization": given}).status_code == 401


def test_a_move_and_an_access_twice_each(adapter: httpx2.Client) -> None:
    """Made, shut, opened at the next school, opened for a time and taken back; the second time changes nothing."""
    person = f"/people/{'2b' * 16}"
    space, next_ = f"{person}/spaces/{PRIMARY}", f"{person}/spaces/{SECONDARY}"
    access = {"from": "2018-09-10", "until": "2018-10-08", "copy": False}
    assert adapter.get(person).status_code == 404
    assert adapter.put(space, json={"open": True}).status_code == 404
    steps = (
        (person, PERSON, 201), (space, {"open": True}, 201), (space, {"open": False}, 200),
        (next_, {"open": True}, 201), (f"{space}/access", access, 200),
    )  # fmt: skip
    for path, body, status in steps:
        assert adapter.put(path, json=body).status_code == status
        before = adapter.get(person).json()
        assert adapter.put(path, json=body).status_code == 200
        assert adapter.get(person).json() == before
    assert before["spaces"] == [
        {"school": PRIMARY, "open": False, "access": access}, {"school": SECONDARY, "open": True, "access": None},
    ]  # fmt: skip
    for _ in range(2):
        assert adapter.delete(f"{space}/access").status_code == 204
    assert adapter.get(person).json()["spaces"][0]["access"] is None
    assert adapter.delete(f"/people/{NEL}/spaces/{PRIMARY}/access").status_code == 204


def test_what_is_wrong_is_refused_by_name(adapter: httpx2.Client) -> None:
    """400 for bodies that are not as the contract says, 404 for what there is none of; nothing is changed."""
    adapter.put(f"/people/{NEL}", json=PERSON)
    for path, body in (
        (f"/people/{NEL}", {**PERSON, "kind": "official"}), (f"/people/{NEL}", {"name": "x"}),
        (f"/people/{NEL}", {**PERSON, "active": "yes"}), (f"/people/{NEL}/spaces/{PRIMARY}", {"open": 1}),
        (f"/people/{NEL}/spaces/{PRIMARY}", []),
        (f"/people/{NEL}/spaces/{PRIMARY}/access", {"from": "2018-09-10", "until": "2018-09-09", "copy": False}),
        (f"/people/{NEL}/spaces/{PRIMARY}/access", {"from": "10/09/2018", "until": "2018-10-09", "copy": False}),
    ):  # fmt: skip
        answer = adapter.put(path, json=body)
        assert (answer.status_code, list(answer.json())) == (400, ["error"]), body
    access = {"from": "2018-09-10", "until": "2018-10-08", "copy": False}
    for path, body in (
        (f"/people/{NEL}/spaces/{PRIMARY}", {"open": False}),
        (f"/people/{NEL}/spaces/{PRIMARY}/access", access),
    ):
        assert adapter.put(path, json=body).status_code == 404
    assert adapter.put("/people/nel", json=PERSON).status_code == 404
    assert adapter.get(f"/people/{NEL}").json()["spaces"] == []


def test_everybody_page_by_page(adapter: httpx2.Client) -> None:
    """In the order of identifiers, each once."""
    everybody = {MALI, NEL, "ff" * 16}
    for id_ in everybody:
        adapter.put(f"/people/{id_}", json=PERSON)
    seen, after, more = [], "", True
    while more:
        told = adapter.get("/people", params={"after": after, "limit": 2}).json()
        seen += [each["person"] for each in told["people"]]
        after, more = seen[-1], told["more"]
    assert seen == sorted(set(seen))
    assert everybody <= set(seen)
    assert adapter.get("/people", params={"limit": 501}).status_code == 400


def test_its_first_page_in_both_languages(adapter: httpx2.Client, tmp_path: Path) -> None:
    """It answers people too."""
    own = str(adapter.base_url).partition("/hwb/")[0]
    with httpx2.Client(trust_env=False) as visitor:
        for language in ("en", "cy"):
            assert f'lang="{language}"' in visitor.get(f"{own}/{language}/").text
        assert visitor.get(f"{own}/en/space/{PRIMARY}/").headers["location"] == "/en/"


def test_works_stay_with_their_school_and_open_only_as_they_may() -> None:
    """R41: shut after a move, open within the days that were granted, copied only where that was granted."""
    shelf, first, last = Shelf(), date(2018, 9, 10), date(2018, 10, 8)
    shelf.put_person(MALI, **PERSON)  # type: ignore[arg-type]
    shelf.put_space(MALI, PRIMARY, is_open=True)
    work = shelf.make(MALI, PRIMARY, title="Draig", text="Coch", on=first)
    shelf.put_space(MALI, PRIMARY, is_open=False)
    shelf.put_space(MALI, SECONDARY, is_open=True)
    for day in (first, last):
        with pytest.raises(Shut):
            shelf.works(MALI, PRIMARY, on=day)
    shelf.put_access(MALI, PRIMARY, Access(first, last, copy=False))
    assert [shelf.works(MALI, PRIMARY, on=day) for day in (first, last)] == [[work], [work]]
    for day in (date(2018, 9, 9), date(2018, 10, 9)):
        with pytest.raises(Shut):
            shelf.works(MALI, PRIMARY, on=day)
    with pytest.raises(Shut):
        shelf.copy(MALI, PRIMARY, work.number, into=SECONDARY, on=first)
    with pytest.raises(Shut):
        shelf.make(MALI, PRIMARY, title="x", text="", on=first)
    shelf.put_access(MALI, PRIMARY, Access(first, last, copy=True))
    shelf.copy(MALI, PRIMARY, work.number, into=SECONDARY, on=first)
    assert [each.title for each in shelf.works(MALI, SECONDARY, on=first)] == ["Draig"]
    shelf.put_person(MALI, **{**PERSON, "active": False})  # type: ignore[arg-type]
    assert shelf.person(MALI).right(SECONDARY, on=first) is Right.NONE
    shelf.put_person(MALI, **PERSON)  # type: ignore[arg-type]
    shelf.put_space(MALI, PRIMARY, is_open=True)
    assert shelf.works(MALI, PRIMARY, on=last) == [work]
