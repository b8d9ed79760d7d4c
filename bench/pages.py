"""The portal's pages in the nation that was just loaded, asked for inside this process, beside an empty Django page."""

# ruff: noqa: T201 - it reports to whoever started it
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import NoReverseMatch, path, reverse

from bench import plain
from bench.nation import DAY_AFTER
from hwb.lifecycle import second_step as rules
from hwb.operations import roles, second_step, sessions
from hwb.operations.roles import NewPerson, Reach

REQUESTS, WARM_UP = 200, 10
QUERIES, BYTES = 12, 60_000
#: Milliseconds at the 95th percentile, of the issue; the others are held to PAGE.
PAGE = 100.0
#: The nation is what ux.md D2 allows a board.
TARGETS = {"page_name_search": 50.0, "page_area": 150.0, "page_nation": 2000.0}
AREA_SCHOOLS = 110
NOW = DAY_AFTER + timedelta(hours=8)
_PASSWORD = "tonnau pensil garlleg"  # noqa: S105 - of a person who is made up and gone with the database


def _empty(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("", _empty)]

Ask = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: p95 in milliseconds, SQL statements and bytes of the answer, the most of any request.

    `processor`: this process's own milliseconds a request, on which a busy machine has less influence.
    """

    name: str
    p95: float
    queries: int
    size: int
    processor: float = 0.0

    def is_right(self) -> bool:
        """Within the issue's targets for a whole nation."""
        return self.p95 <= TARGETS.get(self.name, PAGE) and self.queries <= QUERIES and self.size <= BYTES


def measure(schools: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Lines for build/bench.json, the empty page first; `limit` is the empty page's p95."""
    school = _usual([dfes for dfes, phase in schools if phase == "secondary"])
    with override_settings(ROOT_URLCONF="bench.pages", MIDDLEWARE=plain.MIDDLEWARE):
        client = Client(SERVER_NAME="localhost")
        found = [_measured("page_empty", lambda: client.get("/"))]
    found += [_measured(name, ask) for name, ask in _pages(school)]
    found += [_measured("page_area", ask) for ask in _area(school)]
    found.append(_measured("page_nation", _gets(_signed_in(Reach("operator")), [reverse("area")])))
    limit = found[0].p95
    print(f"\npages of {school}: p95 of {REQUESTS} requests, an empty Django page {limit:.2f} ms")
    for one in found:
        print(f"  {one.name:22} {one.p95:8.1f} ms {one.processor:8.1f} ms of processor {one.queries:4} queries"
              f" {one.size:8,} bytes"
              f"{'' if one.is_right() else '  MISSED'}", flush=True)  # fmt: skip
    return [
        {"name": one.name, "value": round(one.p95, 2), "unit": "ms", "limit": round(limit, 2),
         "ratio": round(one.p95 / limit, 2), "queries": one.queries, "bytes": one.size}
        for one in found
    ]  # fmt: skip


def _usual(secondaries: Sequence[str]) -> str:
    """The secondary school in the middle by its roll."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT school FROM placement WHERE ended IS NULL AND role = 'holding' AND school = ANY(%s)"
            " GROUP BY school ORDER BY count(*), school", [list(secondaries)],
        )  # fmt: skip
        found = [str(dfes) for (dfes,) in cursor.fetchall()]
    return found[len(found) // 2]


def _pages(school: str) -> Iterator[tuple[str, Ask]]:
    client = _signed_in(Reach("champion", school))
    people = _rows(
        "SELECT p.account, r.upn, r.registration_group, coalesce(nullif(r.preferred_surname, ''), r.legal_surname)"
        " FROM placement p JOIN account a ON a.id = p.account"
        " JOIN learner_record r ON r.upn = a.upn AND r.school = p.school"
        " WHERE p.school = %s AND p.role = 'holding' AND p.ended IS NULL ORDER BY md5(r.upn) LIMIT 200", school,
    )  # fmt: skip
    runs = _rows("SELECT id FROM run WHERE school = %s ORDER BY received_at", school)
    at = f"/en/school/{school}/"
    yield "page_school_home", _gets(client, [at])
    yield "page_learners", _gets(client, [f"{at}learners/", f"{at}learners/?page=2", f"{at}learners/?year=9"])
    yield "page_class", _gets(client, [f"{at}class/?name={name}" for name in sorted({row[2] for row in people})])
    yield "page_learner", _gets(client, [f"{at}learners/{row[0]}/" for row in people])
    asked = [{"asked": row[1], "what": "one"} for row in [*people[:15], *_others(school)]]
    yield "page_find_learner", _gets(client, _sent(client, f"{at}find-learner/", asked))
    yield "page_run", _gets(client, [f"{at}runs/{row[0]}/" for row in runs])
    words = [{"search": row[3][:4]} for row in people[:10]]
    yield "page_name_search", _gets(client, _sent(client, f"{at}learners/", words))


def _others(school: str) -> list[tuple[Any, ...]]:
    """Learners of other schools, whose explanation needs the most."""
    return _rows(
        "SELECT a.id, a.upn FROM account a JOIN placement p ON p.account = a.id AND p.ended IS NULL"
        " WHERE p.school <> %s AND a.upn IS NOT NULL LIMIT 15", school,
    )  # fmt: skip


def _code(secret: str, at: datetime) -> str:
    """What an app for codes shows at a moment."""
    return rules.code_at(secret, int(at.timestamp()) // rules.STEP_SECONDS)


def _area(school: str) -> Iterator[Ask]:
    """The area page, where this version has one; more schools join the authority until it has enough."""
    from hwb.directory.models import Authority, Establishment

    try:
        address = reverse("area")
    except NoReverseMatch:
        return
    area = school[:3]
    Authority.objects.get_or_create(code=area, defaults={"name_en": area})
    there = Establishment.objects.filter(dfes__startswith=area).count()
    Establishment.objects.bulk_create(
        Establishment(dfes=f"{area}{9000 + n}", name_en=f"{area}{9000 + n}", phase="primary")
        for n in range(max(0, AREA_SCHOOLS - there))
    )
    yield _gets(_signed_in(Reach("client_manager", area=area)), [address])


def _signed_in(reach: Reach) -> Client:
    """Somebody with this role, by the link, the form and the session that everybody has."""
    at = datetime.now(UTC)
    person = NewPerson(f"Bench {reach.role}", f"{reach.role}@bench.example")
    made = roles.grant_new(reach, person=person, acting_user="bench", now=NOW, on=NOW.date(), at=at)
    sessions.use_link(token=made.link_token, password=_PASSWORD, now=NOW, at=at)
    client = Client(SERVER_NAME="localhost")
    secret = second_step.new_app_secret()
    second_step.add_app(account=made.account, secret=secret, code=_code(secret, at), now=NOW, at=at)
    client.post("/en/sign-in/", {"username": made.username, "password": _PASSWORD})
    answer = client.post("/en/second-step/", {"code_again": _code(secret, at + timedelta(seconds=30))})
    if answer.status_code != 302:
        raise SystemExit(f"nobody could sign in as {reach.role}")
    return client


def _sent(client: Client, address: str, forms: Sequence[dict[str, str]]) -> list[str]:
    """Where the searches lead. One that is refused is told, and left out: a small nation may have nobody to find."""
    answers = [client.post(address, form) for form in forms]
    led = [str(answer.headers["Location"]) for answer in answers if answer.status_code == 302]
    if len(led) < len(forms):
        print(f"{address}: {len(forms) - len(led)} of {len(forms)} searches were refused", flush=True)
    if not led:
        raise SystemExit(f"{address}: no search was answered")
    return led


def _gets(client: Client, addresses: Sequence[str]) -> Ask:
    """Each address in turn."""
    turn = cycle(addresses)
    return lambda: client.get(next(turn))


def _measured(name: str, ask: Ask) -> Measured:
    took, queries, size, before = [], 0, 0, 0.0
    for number in range(WARM_UP + REQUESTS):
        if number < WARM_UP:
            with _counting() as statements:
                answer = ask()
            queries = max(queries, len(statements))
        else:
            before = before or time.process_time()
            begun = time.perf_counter()
            answer = ask()
            took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code}")
        size = max(size, len(answer.content))
    processor = (time.process_time() - before) * 1000 / REQUESTS
    return Measured(name, sorted(took)[int(REQUESTS * 0.95) - 1], queries, size, processor)


@contextmanager
def _counting() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        statements.append(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield statements


def _rows(sql: str, school: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [school])
        return list(cursor.fetchall())
