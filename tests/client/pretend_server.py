"""A server that speaks the client's contract and can do what the real one cannot be made to do."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

API = "/api/provisioning/v1"
SCHOOL = "6714041"
Answer = tuple[int, dict[str, str], bytes]


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


class PretendServer:
    """Remembers each request; `faults` are given, in turn, instead of the next answers to a PUT."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.runs: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.assertions: list[str] = []
        self.reports: list[dict[str, Any]] = []
        self.faults: list[Answer] = []
        self.report_faults: list[Answer] = []
        self.result: dict[str, Any] | None = {"outcome": "applied"}
        self.wished: list[str] = []
        self.wished_previews: list[str] = []
        self.previews: list[bool] = []
        self.on_get: Callable[[], None] = lambda: None
        self.address = ""

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path, method = environ["PATH_INFO"].removeprefix(API), environ["REQUEST_METHOD"]
        self.requests.append((method, path))
        status, headers, content = self.answer(method, path, body, environ)
        start(f"{status} said", [*headers.items(), ("Content-Length", str(len(content)))])
        yield content

    def answer(self, method: str, path: str, body: bytes, environ: dict[str, Any]) -> Answer:
        if path == "/enrolments":
            schools = [{"school": SCHOOL, "name_en": "A", "name_cy": "A"}]
            return said(
                201, {"client": "c1", "schools": schools, "server": self.address, "expires": "2030-01-01T00:00:00Z"}
            )
        if path == "/token":
            self.assertions.append(body.decode())
            return said(200, {"access_token": f"t{len(self.assertions)}", "token_type": "Bearer", "expires_in": 600})
        if path == "/schools":
            return said(200, {"schools": [{"school": SCHOOL, "name_en": "A", "name_cy": "A"}]})
        if path == "/check-ins":
            self.reports.append(json.loads(body))
            if self.report_faults:
                return self.report_faults.pop(0)
            wishes = [{"school": SCHOOL, "run_wanted": SCHOOL in self.wished,
                       "preview_wanted": SCHOOL in self.wished_previews, "last_run": None}]  # fmt: skip
            return said(200, {"schools": wishes, "server_time": "2018-09-04T10:00:00Z"})
        run = path.removeprefix("/runs/")
        if method == "PUT":
            self.runs.append(run)
            self.previews += ["preview=1" in environ.get("QUERY_STRING", "")]
            packed = environ.get("HTTP_CONTENT_ENCODING") == "gzip"
            self.bodies.append(json.loads(gzip.decompress(body) if packed else body))
            if self.faults:
                return self.faults.pop(0)
        else:
            self.on_get()
        return said(
            200,
            {"run": run, "state": "applied" if self.result else "received", "result": self._full(run), "failure": ""},
        )

    def _full(self, run: str) -> dict[str, Any] | None:
        if self.result is None:
            return None
        counts = dict.fromkeys(("created", "updated", "released", "claimed", "waiting", "missing"), 0)
        lists: dict[str, Any] = {"refused": [], "holds": [], "warnings": []}
        return {"run": run, "school": SCHOOL, "as_at": "2018-09-04T09:00:00+00:00", **counts, **lists, **self.result}


def said(status: int, content: Any, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(content).encode()


def refusal(status: int, code: str, **headers: str) -> Answer:
    return said(status, {"code": code, "message": f"English: {code}", "message_cy": f"Cymraeg: {code}"}, **headers)


@contextmanager
def serving() -> Iterator[PretendServer]:
    app = PretendServer()
    server = make_server("127.0.0.1", 0, app, server_class=_Threaded, handler_class=_Silent)  # type: ignore[arg-type]
    app.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
