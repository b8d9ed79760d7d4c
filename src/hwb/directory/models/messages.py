"""Messages that are to be sent, what they are gathered from, and what readers chose (ux.md 10)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """The outbox: one message to one reader, written with what it tells of.

    ``key`` stops doubles. ``to_account``, or the ``address`` of a school's register. ``role``: why the reader gets it.
    ``details``: counts, dates, codes and ids. ``due_at`` and ``sent_at`` are the calendar's, ``next_try_at`` the real
    clock's. ``failed``: why it will never be sent.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    kind = models.TextField()
    school = models.CharField(max_length=7)
    to_account = models.UUIDField(null=True)
    address = models.TextField(default="")
    role = models.TextField()
    language = models.TextField(default="")
    details = models.JSONField(default=dict)
    written_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    failed = models.TextField(default="")

    class Meta:
        db_table = "message"
        indexes = [
            models.Index(fields=["due_at"], name="message_due", condition=Q(sent_at__isnull=True, failed="")),
            models.Index(fields=["school", "kind", "-written_at"], name="message_school"),
            models.Index(fields=["sent_at"], name="message_sent", condition=Q(sent_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_reader",
                condition=Q(to_account__isnull=False, address="") | Q(to_account__isnull=True) & ~Q(address=""),
            ),
        ]


class MessageNote(models.Model):
    """One occurrence of which a summary will tell; taken away when it is gathered. ``account``: whom it concerns alone.

    Only ever added: runs that tell the same school of arrivals do not wait for each other.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    school = models.CharField(max_length=7)
    account = models.UUIDField(null=True)
    details = models.JSONField(default=dict)
    due_at = models.DateTimeField()

    class Meta:
        db_table = "message_note"
        indexes = [models.Index(fields=["due_at"], name="message_note_due")]


class MessageChoice(models.Model):
    """A reader's choice: the language of messages (empty: both), and whether summaries are wanted.

    ``pages``: the language in which pages begin after signing in; empty for that of the sign-in page.
    """

    account = models.UUIDField(primary_key=True)
    language = models.TextField(default="")
    digests = models.BooleanField(default=True)
    pages = models.TextField(default="", db_default="")

    class Meta:
        db_table = "message_choice"
        constraints = [
            models.CheckConstraint(name="message_choice_language", condition=Q(language__in=["", "en", "cy"])),
            models.CheckConstraint(name="message_choice_pages", condition=Q(pages__in=["", "en", "cy"])),
        ]


class Watch(models.Model):
    """Somebody wants to be told when a learner arrives at a school. ``upn_hash``: keyed, so that no UPN stands here."""

    id = models.BigAutoField(primary_key=True)
    account = models.UUIDField()
    school = models.CharField(max_length=7)
    upn_hash = models.BinaryField()
    since = models.DateTimeField()

    class Meta:
        db_table = "watch"
        constraints = [
            models.UniqueConstraint(fields=["school", "upn_hash", "account"], name="watch_once"),
        ]
