"""Requests for work that a learner made at an earlier school (R41)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class WorkRequest(models.Model):
    """One request (lifecycle.earlier_work). ``number`` is its reference, of the same row as those of other cases.

    ``school``: the learner's present one, which asks; ``needed``: look or copy; ``reason``: why, without names.
    ``owner``: the agent who has it. ``first_day`` to ``last_day``: what was granted; ``refusal``: why it is not
    possible. ``delivered_at``: when the service had it, by the real clock; ``told_at``: when the schools were told.
    ``ended_why``: over, left, or an agent's.
    """

    number = models.BigIntegerField(primary_key=True)
    account = models.UUIDField()
    school = models.CharField(max_length=7)
    earlier_school = models.CharField(max_length=7)
    needed = models.TextField()
    reason = models.TextField()
    state = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.TextField()
    owner = models.UUIDField(null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.TextField(default="")
    refusal = models.TextField(default="")
    delivered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(default="")

    class Meta:
        db_table = "work_request"
        indexes = (
            models.Index(fields=["account"], name="work_request_account"),
            models.Index(fields=["state"], name="work_request_open", condition=Q(state__in=["asked", "granted"])),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["account", "earlier_school"],
                name="work_request_one_open",
                condition=Q(state__in=["asked", "granted"]),
            ),
            models.CheckConstraint(
                name="work_request_states", condition=Q(state__in=["asked", "granted", "refused", "ended"])
            ),
            models.CheckConstraint(name="work_request_needed", condition=Q(needed__in=["look", "copy"])),
            models.CheckConstraint(
                name="work_request_granted",
                condition=~Q(state="granted")
                | (
                    Q(first_day__isnull=False, last_day__gte=F("first_day"), decided_at__isnull=False)
                    & ~Q(decided_by="")
                ),
            ),
        )
