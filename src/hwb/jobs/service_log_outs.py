"""Log-outs go to services beside the queue: one that does not answer holds up neither runs nor other services."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

import httpx2
from django.db import connections

from hwb.operations import saml_messages, service_log_outs
from hwb.operations.service_log_outs import LogOut, NotHeard

_LOG = logging.getLogger(__name__)
#: Seconds that a service may take to answer.
PATIENCE = 5
THREAD = "service log-outs"
_ABREAST = 8
_PLACES = threading.BoundedSemaphore(_ABREAST)


def start_telling() -> None:
    """Tells every service that is due, in threads of their own."""
    for _ in range(2):
        threading.Thread(target=_in_thread, name=THREAD, daemon=True).start()


def tell_due() -> int:
    """Tells every service that is due now; returns how many heard."""
    heard = 0
    with httpx2.Client(timeout=PATIENCE, follow_redirects=False) as client:

        def send(log_out: LogOut) -> None:
            try:
                answer = _post(client, log_out)
            except httpx2.HTTPError as error:
                raise NotHeard(type(error).__name__) from error
            if answer.status_code not in (200, 204):
                raise NotHeard(f"answered {answer.status_code}")
            if log_out.envelope and not saml_messages.is_heard(answer.content):
                raise NotHeard("answered that it did not")

        while (told := service_log_outs.tell_next(send=send, at=datetime.now(UTC))) is not None:
            heard += told is service_log_outs.Told.HEARD
    return heard


def _post(client: httpx2.Client, log_out: LogOut) -> httpx2.Response:
    if log_out.envelope:
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": '"http://www.oasis-open.org/committees/security"',
        }
        return client.post(log_out.address, content=log_out.envelope.encode(), headers=headers)
    return client.post(log_out.address, data={"logout_token": log_out.token})


def _in_thread() -> None:
    with _PLACES:
        try:
            tell_due()
        except Exception:  # noqa: BLE001 - a thread has nobody to tell but the log
            _LOG.exception("services could not be told of log-outs; these stay in the outbox")
        finally:
            connections.close_all()
