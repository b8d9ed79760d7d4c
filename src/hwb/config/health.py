"""Whether this server can do its work: for load balancers, and for `hwb serve` before it says ready."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from hwb.embedded import EmbeddedDatabaseUnavailable


def healthz(_request: HttpRequest) -> HttpResponse:
    """200 "ok" when the database answers, else 503. Says nothing else to anybody."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, EmbeddedDatabaseUnavailable):
        return HttpResponse("the database is away\n", status=503, content_type="text/plain")
    response = HttpResponse("ok\n", content_type="text/plain")
    response["Cache-Control"] = "no-store"
    return response
