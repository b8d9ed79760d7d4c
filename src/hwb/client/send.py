"""One delivery: packed, with its digest, under one run id however often it is tried; then the wait for its result."""

from __future__ import annotations

import base64
import gzip
import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from hwb.client import log, spool
from hwb.client.faults import NoOutcomeYet, Refused
from hwb.client.home import Home
from hwb.client.limits import LONGEST_POLL
from hwb.client.outcome import Outcome, blank, of_result, warned
from hwb.client.session import Session
from hwb.client.texts import say
from hwb.extract.texts import N_

_CHUNK = 64 * 1024
#: The server refuses what unpacks to more than 100 times its size; nothing near it is sent packed.
_HIGHEST_RATIO = 50
Advance = Callable[[int], None]


def put_run(
    session: Session, run: str, body: bytes, *, preview: bool, advance: Advance | None = None
) -> dict[str, Any]:
    """Sends a delivery; the server keeps it whole or not at all. Raises Refused, NotReached.

    ``advance`` is told how many bytes have been sent of how many were packed, as a share of 1,000.
    """
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"Content-Type": "application/json", "Repr-Digest": f"sha-256=:{digest}:"}
    content = gzip.compress(body, 6, mtime=0)
    if len(body) <= _HIGHEST_RATIO * len(content):
        headers["Content-Encoding"] = "gzip"
    else:
        content = body
    headers["Content-Length"] = str(len(content))

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(content), _CHUNK):
            yield content[start : start + _CHUNK]
            if advance is not None:
                advance(1000 * min(start + _CHUNK, len(content)) // len(content))

    answer = session.ask("PUT", f"/runs/{run}", params={"preview": int(preview)}, headers=headers, content=chunks)
    log.note("sent", run=run, bytes=len(content), state=str(answer.get("state", "")))
    return answer


def await_result(session: Session, answer: dict[str, Any], *, school: str, as_at: str, preview: bool) -> Outcome:
    """Looks at the run until it has an outcome or the wait ends. Raises NoOutcomeYet, Refused, NotReached."""
    run = str(answer["run"])
    deadline = time.monotonic() + session.limits.wait
    poll = session.limits.poll
    while True:
        if answer["result"] is not None:
            return of_result(answer["result"])
        if answer["state"] != "received":
            code = str(answer.get("failure") or answer["state"])
            text = say(N_("The server could not finish the run, and changed nothing: {code}"),
                       language=session.language, code=code)  # fmt: skip
            result = warned(blank(school=school, outcome="refused", run=run, as_at=as_at, preview=preview), code, text)
            return Outcome(result, 5, text)
        if time.monotonic() >= deadline:
            raise NoOutcomeYet
        time.sleep(min(poll, max(0.0, deadline - time.monotonic())))
        poll = min(poll * 1.3, max(LONGEST_POLL, session.limits.poll))
        answer = session.get(f"/runs/{run}")


def send_kept(session: Session, home: Home, school: str) -> tuple[int, list[Refused]]:
    """Sends what is kept of a school, oldest first; how many were taken, and what the server refused for good.

    Raises NotReached, and Refused when it is this client that is refused, not the delivery: then all stay kept.
    """
    taken, refusals = 0, []
    for kept in spool.waiting(home, school):
        try:
            put_run(session, kept.run, kept.body, preview=False)
            taken += 1
        except Refused as refused:
            if refused.status in (401, 403):
                raise
            refusals.append(refused)
            log.note("kept run refused", run=kept.run, school=school, code=refused.code)
        kept.path.unlink(missing_ok=True)
    return taken, refusals
