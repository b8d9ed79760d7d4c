"""Where Provisioning Clients send what their schools' MIS says."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase, JsonResponse
from pydantic import BaseModel, ValidationError

from hwb import clock
from hwb.api import shapes
from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.errors import ApiError, body_not_understood, error_response, not_authorised, not_found
from hwb.api.texts import language_of
from hwb.api.upload import read_small_json, read_snapshot_body
from hwb.directory.queries import runs, schools
from hwb.extract import wire
from hwb.extract.texts import N_, Text
from hwb.operations import client_keys, clients, provisioning, results
from hwb.operations import settings as nation_settings

TOKEN_PATH = "/api/provisioning/v1/token"  # noqa: S105 - an address
_LOG = logging.getLogger(__name__)
_Shape = TypeVar("_Shape", bound=BaseModel)


@allow(Caller.ANYONE)
def enrol(request: HwbRequest) -> HttpResponseBase:
    """POST /enrolments: a code, once, for the right to send."""
    body = read_shape(request, shapes.EnrolmentRequest)
    try:
        enrolment = clients.enrol(
            code=body.code,
            public_key=body.public_key,
            version=body.version,
            at=datetime.now(UTC),
            now=clock.now(),
        )
    except client_keys.ClientRefused as refused:
        raise ApiError(refused.status, refused.code, refused.text) from None
    return answer(
        shapes.Enrolment(
            client=enrolment.client,
            schools=[_school(row) for row in schools.names(enrolment.schools)],
            server=settings.HWB_BASE_URL,
            expires=enrolment.expires,
        ),
        status=201,
    )


@allow(Caller.ANYONE)
def token(request: HwbRequest) -> HttpResponseBase:
    """POST /token: a signed assertion for a short-lived token (RFC 6749 4.4, RFC 7523 2.2)."""
    try:
        form = request.POST
        if form.get("grant_type") != "client_credentials":
            return error_response(body_not_understood(), error="unsupported_grant_type")
        if form.get("client_assertion_type") != client_keys.ASSERTION_TYPE:
            return error_response(body_not_understood(), error="invalid_request")
    except (UnicodeError, ValueError):
        return error_response(body_not_understood(), error="invalid_request")
    try:
        issued = clients.issue_token(
            assertion=form.get("client_assertion", ""), audiences=audiences(request), at=datetime.now(UTC)
        )
    except client_keys.ClientRefused as refused:
        return error_response(ApiError(refused.status, refused.code, refused.text), error="invalid_client")
    lifetime = int(client_keys.TOKEN_LIFETIME.total_seconds())
    return answer(shapes.Token(access_token=issued, token_type="Bearer", expires_in=lifetime))  # noqa: S106


def audiences(request: HwbRequest) -> frozenset[str]:
    """Whom an assertion may be signed for: this server by its settings, or by the address it was asked at.

    The second is bounded by ALLOWED_HOSTS, and lets a server be reached by another port while it is tried out.
    """
    bases = {settings.HWB_BASE_URL, f"{request.scheme}://{request.get_host()}"}
    return frozenset({*bases, *(base + TOKEN_PATH for base in bases)})


@allow(Caller.CLIENT)
def put_run(request: HwbRequest, *, run_id: UUID) -> HttpResponseBase:
    """PUT /runs/{run_id}: one delivery. The same again gets the stored result (R35)."""
    preview = request.GET.get("preview", "0")
    if preview not in ("0", "1"):
        raise body_not_understood()
    body = read_snapshot_body(request)
    try:
        extract = wire.load(body)
    except wire.WireError as error:
        raise ApiError(error.status, error.code, error.text, domain="extract") from None
    # The client writes the number as seven digits; whatever else stands there is no school of its.
    if extract.school not in request.client.schools:
        # A wrong file, or a stolen key trying its luck: whoever watches the log is to see it (input 27).
        _LOG.warning("client %s sent for a school that is not one of its own: %s", request.client.id, extract.school)
        raise not_authorised()
    try:
        delivery = provisioning.receive_snapshot(
            run_id=run_id,
            body=body,
            extract=extract,
            preview=preview == "1",
            client_id=request.client.id,
            acting_user=f"client:{request.client.id}",
            now=clock.now(),
        )
    except provisioning.DeliveryRefused as refused:
        raise ApiError(refused.status, refused.code, refused.text) from None
    done = delivery.result is not None
    return _run_answer(request, delivery.run_id, status=200 if done else 202)


@allow(Caller.CLIENT)
def get_run(request: HwbRequest, *, run_id: UUID) -> HttpResponseBase:
    """GET /runs/{run_id}: what became of a delivery; another client's is not found."""
    return _run_answer(request, run_id, status=200)


@allow(Caller.CLIENT)
def list_schools(request: HwbRequest) -> HttpResponseBase:
    """GET /schools: the client's schools, each with its Last Run (R37)."""
    found = schools.statuses(
        on=clock.today(),
        now=clock.now(),
        schools=sorted(request.client.schools),
        limits=nation_settings.school_limits(),
    )
    return answer(shapes.Schools(schools=[_status(row) for row in found]))


@allow(Caller.CLIENT)
def get_school(request: HwbRequest, *, dfes: str) -> HttpResponseBase:
    """GET /schools/{dfes}: one school's Last Run, later attempts, and who waits for it."""
    if dfes not in request.client.schools:
        raise not_authorised()
    found = schools.statuses(on=clock.today(), now=clock.now(), schools=[dfes], limits=nation_settings.school_limits())
    if not found:
        raise not_found()
    return answer(_status(found[0]))


@allow(Caller.CLIENT)
def check_in(request: HwbRequest) -> HttpResponseBase:
    """POST /check-ins: version, schedule and failed attempts; the answer carries a school's wish to run now."""
    body = read_shape(request, shapes.CheckInRequest)
    if not {report.school for report in body.schools} <= request.client.schools:
        raise not_authorised()
    wishes = clients.check_in(
        client=request.client.id, report=body.model_dump(mode="json"), at=datetime.now(UTC), now=clock.now()
    )
    last = {row.school: row.last_run.at for row in _statuses_of(request) if row.last_run is not None}
    answers = [
        shapes.SchoolWish(
            school=dfes,
            run_wanted=wishes.get(dfes) == "run",
            preview_wanted=wishes.get(dfes) == "preview",
            last_run=last.get(dfes),
        )
        for dfes in sorted(request.client.schools)
    ]
    return answer(shapes.CheckIn(schools=answers, server_time=datetime.now(UTC)))


def _statuses_of(request: HwbRequest) -> list[schools.SchoolStatus]:
    return schools.statuses(
        on=clock.today(),
        now=clock.now(),
        schools=sorted(request.client.schools),
        limits=nation_settings.school_limits(),
    )


def _run_answer(request: HwbRequest, run_id: UUID, *, status: int) -> JsonResponse:
    found = runs.for_client(run_id, client=request.client.id)
    if found is None:
        raise not_found()
    result = found.result and results.shown(found.result, language=language_of(request), preview=found.preview)
    content = {"run": found.run, "state": found.state, "result": result, "failure": found.failure}
    return answer(shapes.RunAnswer.model_validate(content), status=status)


def read_shape(request: HwbRequest, shape: type[_Shape]) -> _Shape:
    """The JSON of a small body in its shape. Raises ApiError."""
    try:
        return shape.model_validate(read_small_json(request))
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:5])
        text = Text(N_("What was sent could not be understood, at: {places}"), {"places": places})
        raise ApiError(400, "body_not_understood", text) from None


def answer(shape: BaseModel, *, status: int = 200) -> JsonResponse:
    """A shape as JSON."""
    content: dict[str, Any] = shape.model_dump(mode="json")
    return JsonResponse(content, status=status)


def _school(row: schools.SchoolNames) -> shapes.School:
    return shapes.School(school=row.school, name_en=row.name_en, name_cy=row.name_cy)


def _status(row: schools.SchoolStatus) -> shapes.SchoolStatus:
    return shapes.SchoolStatus.model_validate(row.to_json())
