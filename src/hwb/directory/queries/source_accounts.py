"""Official accounts as the service that keeps them reads them: its own, and nothing else."""

from __future__ import annotations

from uuid import UUID

from hwb.directory.queries.roster import Field, Relation

_WHOLE = "lower(a.legal_forename || ' ' || a.legal_surname)"
_MODIFIED = "date_trunc('milliseconds', x.changed_at)"
#: By SCIM's names in small letters; strings are compared without case, but for the source's own name of an account.
_FIELDS: dict[str, Field] = {
    "id": Field("a.id", "person"), "externalid": Field("x.external_id", "exact"), "active": Field("a.active", "flag"),
    "meta.lastmodified": Field(_MODIFIED, "moment"), "username": Field("lower(a.username)"),
    "displayname": Field(_WHOLE), "name.givenname": Field("lower(a.legal_forename)"),
    "name.familyname": Field("lower(a.legal_surname)"), "emails.value": Field("lower(a.email)"),
    "usertype": Field("a.kind"),
}  # fmt: skip


def accounts(source: UUID, *, account: UUID | None = None) -> Relation:
    """The source's accounts, but for those that it deleted; or one of them."""
    values = {"source": source}
    where = ["x.service = %(source)s::uuid", "x.ended_at IS NULL"]
    if account is not None:
        where.append("a.id = %(account)s::uuid")
        values["account"] = account
    return Relation(
        source="source_account x JOIN account a ON a.id = x.account", key=(("a.id", "uuid"),), where=tuple(where),
        values=values, fields=_FIELDS,
        columns=f"a.active, a.username, a.email, a.legal_forename, a.legal_surname, x.external_id,"
        f" {_MODIFIED} AS modified",
    )  # fmt: skip
