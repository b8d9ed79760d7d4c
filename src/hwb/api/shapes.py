"""The bodies of the provisioning API, checked at the edge. The OpenAPI description is made from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Dfes = Annotated[str, Field(pattern=r"^[0-9]{7}$", examples=["6814001"])]
Short = Annotated[str, Field(max_length=200)]
RunState = Literal[
    "received", "applied", "no change", "held", "withdrawn", "replaced", "refused", "undone", "failed", "previewed"
]


class Shape(BaseModel):
    """Unknown members are refused in what is sent, and a mistake in what is answered."""

    model_config = ConfigDict(extra="forbid")


class Error(Shape):
    """Why something was refused: a stable code, and a sentence in English and Welsh."""

    code: str
    message: str
    message_cy: str


class TokenError(Error):
    """As RFC 6749 wants it, with our own code and sentences."""

    error: Literal["invalid_client", "invalid_request", "unsupported_grant_type"]


class Jwk(Shape):
    """A public EC key on P-256 (RFC 7517)."""

    model_config = ConfigDict(extra="ignore")
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, Field(max_length=64)]
    y: Annotated[str, Field(max_length=64)]


class EnrolmentRequest(Shape):
    code: Annotated[str, Field(min_length=1, max_length=40)]
    public_key: dict[str, Any]
    version: Short = ""


class School(Shape):
    school: Dfes
    name_en: str
    name_cy: str


class Enrolment(Shape):
    client: UUID
    schools: list[School]
    server: str
    #: when the key must be renewed
    expires: datetime


class Token(Shape):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class RunAnswer(Shape):
    """`result` is the object of `hwb-client run --json`, null until the run has an outcome."""

    run: UUID
    state: RunState
    result: dict[str, Any] | None
    #: the code of a refusal or failure, empty when there is none
    failure: str


class Attempt(Shape):
    run: UUID
    state: RunState
    at: datetime
    as_at: datetime
    failure: str


class SchoolStatus(School):
    last_run: Attempt | None
    last_attempt: Attempt | None
    freshness: Literal["up to date", "getting old", "overdue", "never run"]
    last_years_classes: bool
    held_run: UUID | None
    #: learners for whom *other* schools wait because this school holds them
    waits_caused: int
    waiting: int
    missing: int


class Schools(Shape):
    schools: list[SchoolStatus]


class FailedAttempt(Shape):
    at: datetime
    code: Short
    detail: Annotated[str, Field(max_length=500)] = ""


class SchoolReport(Shape):
    school: Dfes
    schedule: Short = ""
    failed_attempts: Annotated[list[FailedAttempt], Field(max_length=100)] = []


class CheckInRequest(Shape):
    version: Short
    schools: Annotated[list[SchoolReport], Field(max_length=2000)]


class SchoolWish(Shape):
    """What somebody in the portal asked for; said once, to the first of the school's clients that checks in."""

    school: Dfes
    run_wanted: bool
    preview_wanted: bool
    last_run: datetime | None


class ExplanationsRequest(Shape):
    """UPNs travel in the body: never in an address, which is logged."""

    upns: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=300)]


class ExplanationLink(Shape):
    question: str
    state: Literal["done", "waiting", "problem", "not known"]
    date: date | None


class Explanation(Shape):
    """One answer, without a name: `number` is the UPN's place in the request, from 0."""

    number: int
    code: str
    headline: str
    owner: str
    next_step: str
    when: str | None
    chain: list[ExplanationLink]


class Explanations(Shape):
    school: Dfes
    explanations: list[Explanation]


class CheckIn(Shape):
    schools: list[SchoolWish]
    server_time: datetime
