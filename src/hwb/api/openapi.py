"""The OpenAPI 3.1 description of the provisioning API, made from the shapes that the views use."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase, JsonResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hwb.api import shapes
from hwb.api.access import Caller, HwbRequest, allow

BASE = "/api/provisioning/v1"
_SHAPES: tuple[type[BaseModel], ...] = (
    shapes.Error, shapes.TokenError, shapes.EnrolmentRequest, shapes.Jwk, shapes.Enrolment, shapes.Token,
    shapes.RunAnswer, shapes.SchoolStatus, shapes.Schools, shapes.CheckInRequest, shapes.CheckIn,
    shapes.ExplanationsRequest, shapes.Explanations,
)  # fmt: skip
_ERRORS = {
    "400": "What was sent could not be understood.",
    "401": "The client did not prove who it is.",
    "403": "The client may not do this for that school.",
    "404": "Nothing is there, or it is another client's.",
    "409": "The snapshot is older than the newest accepted one, or another school's (R35).",
    "411": "The length of the body must be stated.",
    "413": "More than 50 MiB unpacked, or packed more than 100 to 1.",
    "415": "Another content encoding than gzip.",
    "422": "The snapshot is refused whole.",
    "429": "More than 30 learners of other schools were looked up in an hour.",
    "503": "The service is unavailable for the moment; try again later.",
}


def description() -> dict[str, Any]:
    """The whole description as JSON-ready values."""
    _, definitions = models_json_schema(
        [(shape, "serialization") for shape in _SHAPES], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hwb provisioning",
            "version": "1",
            "description": "Where Provisioning Clients send what their schools' MIS says. Errors carry a stable "
            "code and a sentence in English and Welsh.",
        },
        "servers": [{"url": BASE}],
        "paths": _paths(),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "client": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token from /token, got with an assertion signed by the client's own key.",
                }
            },
        },
    }


@allow(Caller.ANYONE)
def openapi(_request: HwbRequest) -> HttpResponseBase:
    """GET /openapi.json."""
    return JsonResponse(description())


def _paths() -> dict[str, Any]:
    run_id = _parameter("run_id", {"type": "string", "format": "uuid"}, "The run's id, made by the client.")
    dfes = _parameter("dfes", {"type": "string", "pattern": "^[0-9]{7}$"}, "The school's DfES number.")
    return {
        "/openapi.json": {"get": _operation("This description.", {"200": "object"}, public=True)},
        "/enrolments": {
            "post": _operation(
                "Enrol a client once, with a code that is valid for 60 minutes.",
                {"201": "Enrolment"}, body="EnrolmentRequest", errors=("400", "401", "413"), public=True,
            )
        },
        "/token": {
            "post": {
                **_operation(
                    "Exchange an assertion signed by the client's key for a token of 10 minutes.",
                    {"200": "Token"}, public=True,
                ),
                "requestBody": _form("grant_type", "client_assertion_type", "client_assertion"),
            }
        },
        "/runs/{run_id}": {
            "parameters": [run_id],
            "get": _operation("What became of a delivery.", {"200": "RunAnswer"}, errors=("404",)),
            "put": {
                **_operation(
                    "Deliver a snapshot. The same again gets the stored result; the same id with another body is "
                    "refused.",
                    {"200": "RunAnswer", "202": "RunAnswer"},
                    errors=("400", "403", "404", "409", "411", "413", "415", "422"),
                ),
                "parameters": [
                    _parameter("preview", {"enum": ["0", "1"], "default": "0"}, "1: plan, change nothing.", "query"),
                    _parameter("Repr-Digest", {"type": "string"}, "sha-256 of the unpacked body (RFC 9530).", "header"),
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
            },
        },
        "/schools": {"get": _operation("The client's schools.", {"200": "Schools"})},
        "/schools/{dfes}": {
            "parameters": [dfes],
            "get": _operation(
                "One school's Last Run and what waits for it.", {"200": "SchoolStatus"}, errors=("403", "404")
            ),
        },
        "/schools/{dfes}/explanations": {
            "parameters": [dfes],
            "post": _operation(
                "Why learners are, or are not, at the school, as the school may know it: whose turn it is, and what "
                "they do. Without names.",
                {"200": "Explanations"}, body="ExplanationsRequest", errors=("400", "403", "404", "413", "429"),
            ),
        },
        "/check-ins": {
            "post": _operation(
                "Report version, schedule and failed attempts; collect a school's wish to run now.",
                {"200": "CheckIn"}, body="CheckInRequest", errors=("400", "403", "413"),
            )
        },
    }  # fmt: skip


def _operation(
    summary: str,
    answers: dict[str, str],
    *,
    body: str = "",
    errors: tuple[str, ...] = (),
    public: bool = False,
) -> dict[str, Any]:
    refusals = {status: _content(_ERRORS[status], "Error") for status in (*errors, "503")}
    if not public:
        refusals["401"] = _content(_ERRORS["401"], "Error")
    if summary.startswith("Exchange"):
        refusals |= {status: _content(_ERRORS[status], "TokenError") for status in ("400", "401")}
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {**{status: _content(summary, name) for status, name in answers.items()}, **refusals},
        "security": [] if public else [{"client": []}],
    }
    if body:
        operation["requestBody"] = {"required": True, "content": _content("", body)["content"]}
    return operation


def _content(text: str, name: str) -> dict[str, Any]:
    schema = {"type": "object"} if name == "object" else {"$ref": f"#/components/schemas/{name}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _form(*fields: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(fields), "properties": {name: {"type": "string"} for name in fields}}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def _parameter(name: str, schema: dict[str, Any], text: str, place: str = "path") -> dict[str, Any]:
    return {"name": name, "in": place, "required": place != "query", "schema": schema, "description": text}
