"""One run of one school: read, check, send, wait, and say what became of it (interfaces.md, exit codes)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from hwb.client.home import Home
from hwb.client.session import NotReached, Refused, Session
from hwb.extract import wire
from hwb.extract.check import check
from hwb.extract.problems import WORDINGS, describe
from hwb.extract.records import Extract, Snapshot

POLL = float(os.environ.get("HWB_CLIENT_POLL", "0.3"))
LONGEST_WAIT = float(os.environ.get("HWB_CLIENT_WAIT", "600"))
OUTCOME_CODES = {"applied": 0, "no change": 0, "held": 4, "refused": 5, "spooled": 7}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result object of interfaces.md, its exit code, and a sentence of the server's when it refused."""

    result: dict[str, Any]
    code: int
    text: str = ""


def judged(extract: Extract, *, language: str) -> tuple[Snapshot, Outcome]:
    """What ``check`` says, without a server: 0 fine, 3 refusals."""
    snapshot = check(extract)
    refused = [described(problem, extract, language) for item in snapshot.refused for problem in item.problems]
    result = _empty(extract, "", "checked") | {
        "refused": refused,
        "warnings": [
            {"code": w.code, "text": described(w, extract, language, whole=True)["sentence"]}
            for w in snapshot.warnings
            if w.code in WORDINGS
        ],
    }
    return snapshot, Outcome(result, 3 if refused else 0)


def described(problem: Any, extract: Extract, language: str, *, whole: bool = False) -> dict[str, str]:
    found = describe(problem, mis=extract.mis, language=language)
    return found if whole else {key: found[key] for key in ("record", "field", "value", "needed", "fix")}


def deliver(extract: Extract, session: Session, *, preview: bool, wait: bool, tell: Callable[[str], None]) -> Outcome:
    """Sends and waits; a run that cannot be sent is spooled for the next time (exit 7)."""
    run = str(uuid4())
    body = wire.dump(extract)
    try:
        if not preview:
            send_spooled(session, tell)
        session.put_run(run, body, preview=preview)
    except NotReached:
        if not preview:
            spool(session.home, run, extract.school, body)
        return Outcome(_empty(extract, run, "spooled"), 7)
    except Refused as refused:
        return Outcome(_empty(extract, run, "refused"), 5, refused.text)
    if not wait:
        return Outcome(_empty(extract, run, "received"), 0)
    return finished(run, extract, session)


def finished(run: str, extract: Extract, session: Session) -> Outcome:
    """Waits for the worker; a bounded wait, after which the run goes on without us."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        try:
            answer = session.get(f"/runs/{run}")
        except NotReached:
            return Outcome(_empty(extract, run, "spooled"), 7)
        result = answer["result"]
        if result is not None:
            code = OUTCOME_CODES.get(result["outcome"], 1)
            return Outcome(result, 3 if code == 0 and result["refused"] else code)
        if answer["state"] == "failed":
            return Outcome(_empty(extract, run, "refused"), 5, str(answer.get("failure", "")))
        time.sleep(POLL)
    return Outcome(_empty(extract, run, "received"), 7)


def spool(home: Home, run: str, school: str, body: bytes) -> None:
    """Keeps a run for the next time, in the order of making."""
    content = {"run": run, "school": school, "body": body.decode()}
    home.write(f"spool/{time.time_ns():020d}-{school}.json", json.dumps(content).encode())


def send_spooled(session: Session, tell: Callable[[str], None]) -> None:
    """Sends what waits, oldest first; what the server refuses for good is dropped and told. Raises NotReached."""
    for path in session.home.spooled():
        content = json.loads(path.read_text("utf-8"))
        try:
            session.put_run(content["run"], content["body"].encode(), preview=False)
        except Refused as refused:
            tell(refused.text)
        path.unlink()


def _empty(extract: Extract, run: str, outcome: str) -> dict[str, Any]:
    as_at: datetime = extract.as_at
    return {
        "run": run, "school": extract.school, "as_at": as_at.isoformat(), "outcome": outcome, "created": 0,
        "updated": 0, "released": 0, "claimed": 0, "waiting": 0, "missing": 0, "refused": [], "holds": [],
        "warnings": [],
    }  # fmt: skip
