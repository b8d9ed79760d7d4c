"""Runs, and each school's newest accepted word about everyone."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Run(models.Model):
    """One delivery of a snapshot and all that was done with it.

    ``state``: received, applied, no change, held, withdrawn, replaced, refused, undone, failed, previewed.
    ``body`` is the wire JSON, zlib-compressed; ``accepted_no`` counts a school's accepted runs; ``before`` holds what
    an undo needs (compressed JSON). ``words_moved``: since it was accepted, another school's end has changed the words
    of this one (R43), so that the same content again would ask for something.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    school = models.CharField(max_length=7)
    client = models.ForeignKey("directory.Client", models.SET_NULL, null=True, db_column="client")
    preview = models.BooleanField(default=False)
    state = models.TextField()
    as_at = models.DateTimeField()
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    content_digest = models.TextField(default="")
    body_digest = models.TextField(default="")
    mis = models.TextField(default="")
    covers = ArrayField(models.TextField(), default=list)
    body = models.BinaryField(null=True)
    result = models.JSONField(null=True)
    plan = models.JSONField(null=True)
    plan_digest = models.TextField(default="")
    before = models.BinaryField(null=True)
    accepted_no = models.BigIntegerField(null=True)
    confirmed = models.BooleanField(default=False)
    words_moved = models.BooleanField(default=False)
    failure = models.TextField(default="")
    acting_user = models.TextField(default="")

    class Meta:
        db_table = "run"
        indexes = [
            models.Index(fields=["school", "received_at"], name="run_school_received"),
            models.Index(
                fields=["school", "-accepted_no"], name="run_accepted", condition=Q(accepted_no__isnull=False)
            ),
            models.Index(
                fields=["school"],
                name="run_remembered",
                condition=Q(body__isnull=False) | Q(before__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["school"], name="one_held_run", condition=Q(state="held", preview=False)),
            models.UniqueConstraint(fields=["school", "accepted_no"], name="run_accepted_no"),
        ]


class LearnerRecord(models.Model):
    """A school's newest accepted word about one learner (lifecycle.facts.LearnerEntry).

    ``due_on``: the next day on which it may ask for a change by itself. No column that changes each September is in
    an index, so that its update stays within the page.
    """

    pk = models.CompositePrimaryKey("school", "upn")
    school = models.CharField(max_length=7)
    upn = models.CharField(max_length=13)
    legal_surname = models.TextField()
    legal_forename = models.TextField()
    birth_date = models.DateField(null=True)
    year_group = models.TextField(default="")
    start_date = models.DateField(null=True)
    leaving_date = models.DateField(null=True)
    enrolment_status = models.CharField(max_length=1, default="C")
    registration_group = models.TextField(default="")
    classes = ArrayField(models.TextField(), default=list)
    preferred_surname = models.TextField(default="")
    preferred_forename = models.TextField(default="")
    former_upn = models.TextField(default="")
    mis_id = models.TextField(default="")
    admission_number = models.TextField(default="")
    missing_since = models.DateField(null=True)
    refused = models.BooleanField(default=False)
    doubtful = models.BooleanField(default=False)
    due_on = models.DateField(null=True)

    class Meta:
        db_table = "learner_record"
        indexes = [
            models.Index(fields=["upn"], name="learner_record_upn"),
            # who asks for an account under another UPN (R9)
            models.Index(fields=["former_upn"], name="learner_record_former", condition=~Q(former_upn="")),
            models.Index(fields=["due_on"], name="learner_record_due", condition=Q(due_on__isnull=False)),
        ]


class StaffRecord(models.Model):
    """A school's newest accepted word about one member of staff (lifecycle.facts.StaffEntry)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    school = models.CharField(max_length=7)
    account = models.ForeignKey("directory.Account", models.PROTECT, null=True, db_column="account")
    legal_surname = models.TextField()
    legal_forename = models.TextField()
    staff_code = models.TextField(default="")
    start_date = models.DateField(null=True)
    leaving_date = models.DateField(null=True)
    mis_id = models.TextField(default="")
    employee_number = models.TextField(default="")
    preferred_surname = models.TextField(default="")
    preferred_forename = models.TextField(default="")
    birth_date = models.DateField(null=True)
    role = models.TextField(default="")
    classes = ArrayField(models.TextField(), default=list)
    missing_since = models.DateField(null=True)
    refused = models.BooleanField(default=False)
    due_on = models.DateField(null=True)

    class Meta:
        db_table = "staff_record"
        indexes = [
            models.Index(fields=["school"], name="staff_record_school"),
            models.Index(fields=["due_on"], name="staff_record_due", condition=Q(due_on__isnull=False)),
        ]


class Wait(models.Model):
    """A learner on roll at a school that does not have the account (R4, R5, R6, R9)."""

    pk = models.CompositePrimaryKey("school", "upn")
    school = models.CharField(max_length=7)
    upn = models.CharField(max_length=13)
    cause = models.TextField()
    since = models.DateField()

    class Meta:
        db_table = "wait"
        indexes = [models.Index(fields=["upn"], name="wait_upn")]


class PossibleDuplicate(models.Model):
    """A former and a new UPN that both own accounts (R9); support decides."""

    pk = models.CompositePrimaryKey("account", "other")
    account = models.UUIDField()
    other = models.UUIDField()
    school = models.CharField(max_length=7)
    since = models.DateField()

    class Meta:
        db_table = "possible_duplicate"


class HiddenWarning(models.Model):
    """A warning that a school calls no mistake; ``mark`` tells which, and changes with the value (ux.md B5).

    ``reason`` is a code, so that the row holds nothing personal.
    """

    id = models.BigAutoField(primary_key=True)
    school = models.CharField(max_length=7)
    mark = models.TextField()
    code = models.TextField()
    reason = models.TextField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "hidden_warning"
        constraints = [models.UniqueConstraint(fields=["school", "mark"], name="hidden_warning_once")]
