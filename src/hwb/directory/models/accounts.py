"""Accounts, the names they have ever had, where they are placed, and what people decided about them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class Accounts(BaseUserManager["Account"]):
    """What Django's sign-in asks of accounts; making one is for operations only."""


class Account(AbstractBaseUser):
    """One person's Hwb account. ``upn`` is the learner's current UPN, empty for staff.

    ``password``: the hash of one that the person chose, or that a first password was turned into; else empty.
    ``username`` and ``email`` are unique by their rows in :class:`Identifier`, which also holds every earlier one
    (R33); a second index on them would have to be kept up at each release and claim.
    The keys follow the names (hwb.names). Searches and lists go through a school's placements, so none is indexed.
    ``retired_into``: the account into which this one was consolidated (R25); its usernames lead there.
    ``sessions_from``: sessions that began earlier have ended (a new password, "sign out everywhere").
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.TextField()
    active = models.BooleanField()
    reason_rule = models.TextField()
    reason_code = models.TextField()
    reason_values = models.JSONField(default=dict)
    username = models.TextField()
    email = models.TextField()
    upn = models.TextField(default="")
    legal_surname = models.TextField()
    legal_forename = models.TextField()
    preferred_surname = models.TextField(default="")
    preferred_forename = models.TextField(default="")
    search_key = models.TextField(default="")
    sort_en = models.TextField(default="", db_collation="C")
    sort_cy = models.TextField(default="", db_collation="C")
    near_key = models.TextField(default="")
    birth_date = models.DateField(null=True)
    grace_until = models.DateField(null=True)
    retired_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_column="retired_into", db_index=False
    )
    personal_digest = models.BinaryField()
    password = models.TextField(default="")
    last_login = None  # Django would write the real clock's time; see last_sign_in
    last_sign_in = models.DateTimeField(null=True)
    sessions_from = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    #: Set by signing in alone: the password was made by somebody else, and a new one comes first.
    must_change = False

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Accounts()

    @property
    def is_active(self) -> bool:  # type: ignore[override] # a fact of the directory, not of Django's
        """Django's name for it. Whoever is not active gets no session (R40)."""
        return self.active

    def get_session_auth_hash(self) -> str:
        """Constant: ``sessions_from`` ends sessions, and a password kept in another form is the same password."""
        return str(self.id)

    class Meta:
        db_table = "account"
        indexes = [
            models.Index(fields=["retired_into"], name="account_retired_into", condition=Q(retired_into__isnull=False)),
        ]
        constraints = [
            # I3: one account a UPN
            models.UniqueConstraint(fields=["upn"], name="account_upn", condition=~Q(upn="")),
            models.CheckConstraint(condition=Q(kind__in=["learner", "staff", "official"]), name="account_kind"),
            # I14: a learner has a UPN, nobody else has
            models.CheckConstraint(
                condition=Q(kind="learner") & ~Q(upn="") | ~Q(kind="learner") & Q(upn=""), name="account_kind_upn"
            ),
            # R25: retired for good
            models.CheckConstraint(condition=Q(retired_into__isnull=True) | Q(active=False), name="account_retired"),
        ]


class FirstPassword(models.Model):
    """The password that was made for an account; there is none once the person has chosen their own (R10).

    ``ciphertext`` is null when it has been turned into the account's hash. ``school`` may show it until ``hidden_at``;
    it is empty when none may. ``key_id`` names the key of the ring (directory.keyring). ``form``: the page's form that
    asked for it, which asks once however often it is sent; ``form_left``: how many of its submissions have yet to be
    answered with the password.
    """

    account = models.UUIDField(primary_key=True)
    ciphertext = models.BinaryField(null=True)
    key_id = models.TextField(default="")
    school = models.CharField(max_length=7)
    made_by = models.TextField()
    made_at = models.DateTimeField()
    must_change = models.BooleanField(default=False)
    shown_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    form = models.UUIDField(null=True)
    form_left = models.SmallIntegerField(null=True)

    class Meta:
        db_table = "first_password"
        indexes = [
            models.Index(
                fields=["hidden_at"],
                name="first_password_to_harden",
                condition=Q(hidden_at__isnull=False, ciphertext__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="first_password_hidden", condition=Q(ciphertext__isnull=False) | Q(hidden_at__isnull=False)
            ),
        ]


class Upn(models.Model):
    """Every UPN ever seen, and the row that is locked to decide about it. Aliases lead to their account too (R9)."""

    upn = models.CharField(max_length=13, primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_column="account")

    class Meta:
        db_table = "upn"


class Identifier(models.Model):
    """Every username and e-mail address ever given; it belongs to one person for ever, also after deletion (R33)."""

    value = models.TextField(primary_key=True)
    kind = models.TextField()
    account = models.UUIDField()
    current = models.BooleanField(default=True)

    class Meta:
        db_table = "identifier"
        indexes = [models.Index(fields=["account"], name="identifier_account")]


class Placement(models.Model):
    """An account at an establishment, open while ``ended`` is null. Year and class are those of the school's word."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    school = models.CharField(max_length=7)
    role = models.TextField()
    began = models.DateField()
    ended = models.DateField(null=True)

    class Meta:
        db_table = "placement"
        indexes = [models.Index(fields=["school"], name="placement_school")]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="one_holder", condition=Q(role="holding", ended__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["account", "school", "role"], name="one_open_placement", condition=Q(ended__isnull=True)
            ),
            models.CheckConstraint(condition=Q(role__in=["holding", "guest", "post"]), name="placement_role"),
        ]


class Protection(models.Model):
    """Support marked somebody as protected: of them nothing is told to schools (ux.md 2). It stands until ended.

    By account, or by a UPN that nobody has sent yet, so that the answer is the same before and after.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.UUIDField(null=True)
    upn = models.CharField(max_length=13, default="")
    reason = models.TextField(default="")
    made_by = models.TextField()
    made_at = models.DateTimeField()
    ended_by = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "protection"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="protected_account", condition=Q(ended_at__isnull=True, account__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["upn"], name="protected_upn", condition=Q(ended_at__isnull=True) & ~Q(upn="")
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, upn="") | Q(account__isnull=True) & ~Q(upn=""),
                name="protection_of_one",
            ),
        ]


class Decision(models.Model):
    """A person's decision about an account that outlives runs (R31, R32); it stands while ``ended_at`` is null."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    school = models.CharField(max_length=7, default="")
    kind = models.TextField()
    reason = models.TextField(default="")
    made_by = models.TextField()
    made_at = models.DateTimeField()
    ended_by = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "decision"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "school", "kind"], name="one_standing_decision", condition=Q(ended_at__isnull=True)
            ),
        ]


class RoleGrant(models.Model):
    """A role somebody was given: for a school, an area (three digits), or with neither the nation.

    It stands while ``ended_at`` is null and ``until`` has not passed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    role = models.TextField()
    school = models.CharField(max_length=7, default="")
    area = models.CharField(max_length=3, default="")
    given_by = models.TextField()
    given_at = models.DateTimeField()
    until = models.DateField(null=True)
    ended_by = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "role_grant"
        indexes = [models.Index(fields=["school"], name="role_grant_school", condition=Q(ended_at__isnull=True))]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "school", "area"], name="one_open_grant", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(role__in=["champion", "mis_admin", "head"]) & ~Q(school="") & Q(area="")
                | Q(role="client_manager") & (Q(school="") & ~Q(area="") | ~Q(school="") & Q(area=""))
                | Q(role="area_officer") & Q(school="") & ~Q(area="")
                | Q(role__in=["agent", "operator", "auditor"]) & Q(school="") & Q(area=""),
                name="role_grant_reach",
            ),
        ]


class SignInLink(models.Model):
    """A link that works once; kept as SHA-256. ``purpose``: operations.sessions.Purpose."""

    digest = models.TextField(primary_key=True)
    purpose = models.TextField(default="first", db_default="first")
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_link"


class RecoveryAddress(models.Model):
    """Where an adult gets a link to a new password (A9); without ``confirmed_at`` none is sent there yet."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="+", db_column="account")
    address = models.TextField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_address"


class Search(models.Model):
    """What somebody looked for in the portal, so that no UPN and no name stands in an address; forgotten after a day.

    ``content`` is sealed and bound to the search and the account. ``until``: of one that was passed to somebody else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    school = models.CharField(max_length=7)
    kind = models.TextField()
    content = models.BinaryField()
    created = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "search"
        indexes = [models.Index(fields=["created"], name="search_created")]
