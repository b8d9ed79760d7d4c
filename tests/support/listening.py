"""A service's log-out address on a loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@contextmanager
def listening(status: int = 200, answer: bytes = b"") -> Iterator[tuple[str, list[str]]]:
    """A service's log-out address on a loopback, and the tokens that it heard."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard.extend(parse_qs(body)["logout_token"] if "logout_token" in body else [body])
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/logged-out", heard
    finally:
        server.shutdown()
        server.server_close()


def soap(code: str) -> bytes:
    """What a service answers to a log-out by SOAP."""
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:Status>'
        f'<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{code}"/></p:Status></p:LogoutResponse>'
        "</s:Body></s:Envelope>"
    ).encode()
