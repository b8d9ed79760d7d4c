"""Cases of consolidation: two staff accounts that are to become one (R25)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Consolidation(models.Model):
    """One case (lifecycle.consolidation). ``number`` is its reference.

    ``opened_as``: staff, school or head. ``mover``: the newer account, as soon as it is known. ``previous_username``:
    as it was given. ``said``: item of evidence → value and source; ``recorded``: item → the agent who checked it by
    other means. ``way``, ``authorised_*``, ``proof``, ``proved_*``: (a). ``requested_at``: (b). ``leaving_said``: the
    date of which the headteacher says that it will be entered. ``owner``: the agent who has the case; ``sent_on_by``:
    who sent it to a second one. ``link``: names the newest link to the registered address. ``kept`` and ``retiring``:
    what was joined, and ``memory`` what an undo needs. ``history``: times, actors and codes, the oldest first.
    """

    number = models.BigAutoField(primary_key=True)
    state = models.TextField()
    opened_as = models.TextField()
    opened_at = models.DateTimeField()
    previous_school = models.CharField(max_length=7)
    new_school = models.CharField(max_length=7)
    previous_username = models.TextField(default="")
    mover = models.UUIDField(null=True)
    said = models.JSONField(default=dict)
    recorded = models.JSONField(default=dict)
    requested_at = models.DateTimeField(null=True)
    has_copied = models.BooleanField(default=False)
    way = models.TextField(default="")
    authorised_by = models.TextField(default="")
    authorised_at = models.DateTimeField(null=True)
    proof = models.TextField(default="")
    proved_by = models.TextField(default="")
    proved_at = models.DateTimeField(null=True)
    leaving_said = models.DateField(null=True)
    owner = models.UUIDField(null=True)
    sent_on_by = models.UUIDField(null=True)
    link = models.UUIDField(null=True, unique=True)
    link_sent_at = models.DateTimeField(null=True)
    link_opened_at = models.DateTimeField(null=True)
    kept = models.UUIDField(null=True)
    retiring = models.UUIDField(null=True)
    joined_by = models.TextField(default="")
    joined_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.TextField(default="")
    memory = models.JSONField(null=True)
    history = models.JSONField(default=list)

    class Meta:
        db_table = "consolidation"
        indexes = [
            models.Index(fields=["previous_school"], name="consolidation_previous"),
            models.Index(fields=["new_school"], name="consolidation_new"),
            models.Index(fields=["kept"], name="consolidation_kept", condition=Q(kept__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["mover"],
                name="consolidation_one_open",
                condition=Q(closed_at__isnull=True, mover__isnull=False),
            ),
            # one standing join of an account
            models.UniqueConstraint(fields=["retiring"], name="consolidation_joined_once", condition=Q(state="done")),
            # I12: two recorded approvals, and of two people
            models.CheckConstraint(
                name="consolidation_approved",
                condition=~Q(state__in=["done", "undone"])
                | (
                    Q(authorised_at__isnull=False, requested_at__isnull=False, joined_at__isnull=False)
                    & (Q(way="online") | Q(way="e-mail", proved_at__isnull=False))
                    & Q(kept__isnull=False, retiring__isnull=False)
                    & ~Q(authorised_by="")
                    & ~Q(joined_by="")
                    & ~Q(kept=F("retiring"))
                ),
            ),
        ]


class MoveAnswer(models.Model):
    """What somebody new answered when they were asked whether they worked at another school: new, old or later."""

    account = models.UUIDField(primary_key=True)
    answer = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "move_answer"
        constraints = [
            models.CheckConstraint(name="move_answer_known", condition=Q(answer__in=["new", "old", "later"])),
        ]
