"""Cases of Hwb Support's desk (lifecycle.desk), and what the desk says by code."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hwb.lifecycle.desk import Kind, State


class SupportCase(models.Model):
    """One case. ``number`` is its reference; cases of consolidation are numbered in the same series.

    ``school``: whose case it is; empty where no school asks. ``account``, ``other`` (a second account) and ``upn``:
    whom it is about. ``details``: what was asked, or the reason for which an agent opened it, which no school reads.
    ``replies``: what the school has added since. ``code``: the explanation when it was opened. ``asked_by``: the
    account that is answered (M14). ``answer``: what support needs or answers. ``matter``: of a contradiction between
    records, what it is. ``history``: times, actors and codes, the oldest first.
    """

    number = models.BigIntegerField(primary_key=True)
    kind = models.TextField()
    state = models.TextField()
    school = models.CharField(max_length=7, default="")
    account = models.UUIDField(null=True)
    other = models.UUIDField(null=True)
    upn = models.CharField(max_length=13, default="")
    details = models.TextField(default="")
    replies = models.TextField(default="", db_default="")
    language = models.TextField(default="")
    code = models.TextField(default="")
    asked_by = models.UUIDField(null=True)
    opened_by = models.TextField()
    opened_at = models.DateTimeField()
    due = models.DateField()
    owner = models.UUIDField(null=True)
    answer = models.TextField(default="")
    matter = models.TextField(default="")
    closed_at = models.DateTimeField(null=True)
    history = models.JSONField(default=list)

    class Meta:
        db_table = "support_case"
        indexes = [
            models.Index(fields=["school"], name="support_case_school"),
            models.Index(fields=["due"], name="support_case_open", condition=Q(closed_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(name="support_case_kind", condition=Q(kind__in=[str(kind) for kind in Kind])),
            models.CheckConstraint(name="support_case_state", condition=Q(state__in=[str(state) for state in State])),
            models.CheckConstraint(
                name="support_case_closed",
                condition=Q(closed_at__isnull=True, state__in=["new", "ready", "waiting"])
                | Q(closed_at__isnull=False, state__in=["done", "unchanged", "withdrawn"]),
            ),
            # whoever has the case is never one it is about, nor the one who asked
            models.CheckConstraint(
                name="support_case_not_own",
                condition=Q(owner__isnull=True)
                | (Q(account__isnull=True) | ~Q(owner=F("account")))
                & (Q(other__isnull=True) | ~Q(owner=F("other")))
                & (Q(asked_by__isnull=True) | ~Q(owner=F("asked_by"))),
            ),
            # a school asks once for the same suspension; a contradiction is one case
            models.UniqueConstraint(
                fields=["account", "school"],
                name="support_case_safety",
                condition=Q(kind="safety", closed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["matter"], name="support_case_matter", condition=Q(closed_at__isnull=True) & ~Q(matter="")
            ),
        ]


class Answer(models.Model):
    """What the desk says by code (E9), in both languages. ``draft_*``: proposed by one person, and used once another
    has approved it."""

    code = models.TextField(primary_key=True)
    text_en = models.TextField(default="")
    text_cy = models.TextField(default="")
    changed_at = models.DateTimeField(null=True)
    changed_by = models.UUIDField(null=True)
    approved_by = models.UUIDField(null=True)
    draft_en = models.TextField(default="")
    draft_cy = models.TextField(default="")
    drafted_at = models.DateTimeField(null=True)
    drafted_by = models.UUIDField(null=True)

    class Meta:
        db_table = "answer"
        constraints = [
            models.CheckConstraint(
                name="answer_of_two",
                condition=Q(text_en="", text_cy="")
                | ~Q(text_en="")
                & ~Q(text_cy="")
                & Q(changed_by__isnull=False, approved_by__isnull=False)
                & ~Q(changed_by=F("approved_by")),
            ),
        ]
