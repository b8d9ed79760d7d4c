"""Rows behind :mod:`hwb.directory.queries.explanations`, as the facts that the rules take."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hwb.directory.queries import attempts, children, service_accounts
from hwb.extract.records import LEARNER_COLUMNS, STAFF_COLUMNS, LearnerRecord, Problem, StaffRecord
from hwb.extract.texts import Both
from hwb.identifiers import clean_staff_code, clean_upn
from hwb.lifecycle import expected, identity
from hwb.lifecycle.attempts import NO_TROUBLE, Trouble
from hwb.lifecycle.explain_facts import ChildSeen, Colleague, Made, RefusedSeen, RunSeen, SchoolSeen
from hwb.lifecycle.facts import (
    Account,
    Decision,
    DecisionKind,
    Details,
    Learner,
    LearnerEntry,
    Reason,
    StaffEntry,
    StaffMember,
    WaitCause,
)
from hwb.lifecycle.service_accounts import Standing

_DATES = ("birth_date", "start_date", "leaving_date")


@dataclass(frozen=True, slots=True)
class Person:
    """One UPN and whoever bears it."""

    asked: str
    learner: Learner
    protected: bool
    decisions: tuple[Made, ...]
    last_holder: str | None
    trouble: Trouble
    child: ChildSeen | None
    mail: Standing | None
    arrived: date | None

    def trouble_at(self, school: str) -> Trouble:
        """With signing in, as the school that has the account sees it; others see none."""
        return self.trouble if self._signs_in_at(school) else NO_TROUBLE

    def child_at(self, school: str) -> ChildSeen | None:
        """How a small child signs in, as the school that has the account sees it."""
        return self.child if self._signs_in_at(school) else None

    def _signs_in_at(self, school: str) -> bool:
        account = self.learner.account
        return account is not None and account.active and account.holder == school

    @property
    def account_id(self) -> str | None:
        return self.learner.account.id if self.learner.account else None

    @property
    def is_free(self) -> bool:
        """An account that no school holds."""
        return self.learner.account is not None and self.learner.account.holder is None

    @classmethod
    def read(cls, row: dict[str, Any]) -> Person:
        account = _account(row) if row["id"] else None
        entries = tuple(_learner_entry(word) for word in row["words"] or ())
        waits = tuple((wait["school"], WaitCause(wait["cause"])) for wait in row["waits"] or ())
        ended = [p for p in row["placements"] or () if p["role"] == "holding" and p["ended"]]
        held = next((p for p in row["placements"] or () if p["role"] == "holding" and not p["ended"]), None)
        last = max(ended, key=lambda p: (p["ended"], p["id"]), default=None)
        return cls(
            row["asked"],
            Learner(account.upn if account else row["asked"], account, entries, waits),
            row["protected"],
            _made(row["decisions"]),
            last["school"] if last and account and account.holder is None else None,
            attempts.read(row),
            children.seen(row),
            service_accounts.standing(row["mail"]),
            date.fromisoformat(held["began"]) if held else None,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a school's staff, with the account's names."""

    member: StaffMember
    protected: bool
    decisions: tuple[Made, ...]
    username: str
    usernames: frozenset[str]

    @property
    def account_id(self) -> str | None:
        return self.member.account.id if self.member.account else None

    @property
    def has_left(self) -> bool:
        return self.member.entry.record.leaving_date is not None

    @property
    def colleague(self) -> Colleague:
        record = self.member.entry.record
        return Colleague(record.legal_surname, record.legal_forename, record.staff_code)

    @classmethod
    def read(cls, row: dict[str, Any]) -> Member:
        entry = StaffEntry(
            row["school"], StaffRecord(**{**row["record"], **_typed(row["record"])}), str(row["word"]),
            row["missing_since"], row["refused"],
        )  # fmt: skip
        account = _account(row) if row["id"] else None
        return cls(
            StaffMember(entry, account), row["protected"], _made(row["decisions"]), row["username"] or "",
            frozenset(row["usernames"] or ()),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school's runs; of the asking school also whom its newest run refused, and what a held one has."""

    school: SchoolSeen
    newest: RunSeen | None = None
    people: tuple[dict[str, Any], ...] = ()
    problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    held_rows: dict[str, list[list[str]]] = field(default_factory=dict)
    held_changes: frozenset[str] = frozenset()

    @classmethod
    def unknown(cls, dfes: str) -> SchoolRow:
        return cls(SchoolSeen(dfes, Both(dfes, dfes)))

    @classmethod
    def read(cls, row: dict[str, Any]) -> SchoolRow:
        name = Both(row["name_en"] or row["name_cy"], row["name_cy"] or row["name_en"])
        authority = Both(row["authority_en"] or "", row["authority_cy"] or row["authority_en"] or "")
        failed, code = _failures(row)
        problems: dict[str, list[Problem]] = {}
        for item in row["problems"] or ():
            problems.setdefault(item["record"], []).append(_problem(item))
        school = SchoolSeen(
            row["dfes"], name, authority, row["phase"], row["mis"] or "hwb",
            _run(row, "last"), _run(row, "held"), failed, code, row["client_contact"],
            _schedule(row["report"]), bool(row["stayed"]),
        )  # fmt: skip
        newest = RunSeen(row["newest_id"], row["newest_at"], row["newest_at"]) if row["newest_id"] else None
        return cls(
            school, newest, tuple(row["people"] or ()), {key: tuple(found) for key, found in problems.items()},
            _held_rows(row["held_body"]), _held_changes(row["held_plan"], row["dfes"]),
        )  # fmt: skip

    def refusal_of(self, person: Person, upn: str) -> RefusedSeen | None:
        """The refused record that is this learner's, by the keys that tie it (R32)."""
        own = next((e for e in person.learner.entries if e.school == self.school.dfes), None)
        account = person.learner.account
        upns = {upn, *((account.upn, *account.aliases) if account else ())}
        for item in self.people:
            if item["kind"] == "learner" and _is_of(item, upns, own if own is not None and own.refused else None):
                return self._seen(item)
        return None

    def staff_refusals(self, member: StaffMember | None, words: str) -> tuple[RefusedSeen, ...]:
        """Refused records that fit the words, or that are this person's; those with one code come together."""
        fitting = [item for item in self.people if item["kind"] == "staff" and _is_staff(item, member, words)]
        codes = {item["staff_code"] for item in fitting if item.get("staff_code")}
        rest = [
            item for item in self.people
            if item["kind"] == "staff" and item not in fitting and item.get("staff_code") in codes
        ]  # fmt: skip
        return tuple(self._seen(item) for item in (*fitting, *rest)) if fitting else ()

    def held_name_of(self, person: Person, upn: str) -> str | None:
        """As the held run names the learner, where it changes something or is the first to say anything of them."""
        account = person.learner.account
        upns = {upn, *((account.upn, *account.aliases) if account else ())}
        word = next((e for e in person.learner.entries if e.school == self.school.dfes), None)
        for values in self.held_rows.get("learners", ()):
            row = dict(zip(("record", *LEARNER_COLUMNS), values, strict=False))
            if clean_upn(row.get("upn", "")) not in upns:
                continue
            silent = word is None or word.missing_since is not None
            if not silent and not (upns & self.held_changes):
                return None
            forename = row.get("preferred_forename") or row.get("legal_forename", "")
            return f"{forename} {row.get('preferred_surname') or row.get('legal_surname', '')}".strip()
        return None

    def is_held_staff(self, words: str, member: StaffMember | None) -> bool:
        """Whether the held run has this member of staff, of whom nothing newer is known."""
        if member is not None:
            return False
        code, name = clean_staff_code(words), identity.folded(words)
        for values in self.held_rows.get("staff", ()):
            row = dict(zip(("record", *STAFF_COLUMNS), values, strict=False))
            names = {row.get("legal_surname", ""), row.get("legal_forename", "")}
            both = {identity.folded("".join(order)) for order in (sorted(names), sorted(names, reverse=True))}
            if (code and clean_staff_code(row.get("staff_code", "")) == code) or (name and name in both):
                return True
        return False

    def _seen(self, item: dict[str, Any]) -> RefusedSeen:
        run = self.newest or RunSeen("", datetime.min, datetime.min)  # noqa: DTZ901 - never without a newest run
        return RefusedSeen(
            run, item.get("legal_surname", ""), item.get("legal_forename", ""),
            self.problems.get(item["record"], ()), item.get("staff_code", ""),
        )  # fmt: skip


def spellings(record: StaffRecord) -> set[str]:
    """A member of staff's names as they may be asked for, folded."""
    found = set()
    for forename in {record.legal_forename, record.preferred_forename or record.legal_forename}:
        for surname in {record.legal_surname, record.preferred_surname or record.legal_surname}:
            found |= {identity.folded(forename + surname), identity.folded(surname + forename)}
    return found


def _is_of(item: dict[str, Any], upns: set[str], refused: LearnerEntry | None) -> bool:
    if {item.get("upn"), item.get("former_upn")} & upns:
        return True
    if refused is None:
        return False
    record = refused.record
    for key in ("mis_id", "admission_number"):
        if item.get(key) and item.get(key) == getattr(record, key):
            return True
    return _folded_names(item) == (identity.folded(record.legal_surname), identity.folded(record.legal_forename))


def _is_staff(item: dict[str, Any], member: StaffMember | None, words: str) -> bool:
    surname, forename = _folded_names(item)
    if member is not None:
        record = member.entry.record
        if item.get("mis_id") and record.mis_id:
            return bool(item["mis_id"] == record.mis_id)
        same = (identity.folded(record.legal_surname), identity.folded(record.legal_forename)) == (surname, forename)
        number = bool(item.get("employee_number")) and item.get("employee_number") == record.employee_number
        return (
            same
            or number
            or (member.entry.refused and bool(item.get("staff_code")) and item["staff_code"] == record.staff_code)
        )
    code, name = clean_staff_code(words), identity.folded(words)
    if not name:
        return False
    return item.get("staff_code") == code or name in (surname + forename, forename + surname)


def _folded_names(item: dict[str, Any]) -> tuple[str, str]:
    return identity.folded(item.get("legal_surname", "")), identity.folded(item.get("legal_forename", ""))


def _account(row: dict[str, Any]) -> Account:
    placements = row["placements"] or ()
    standing = tuple(
        Decision(made["id"], DecisionKind(made["kind"]), made["school"] or None) for made in row["decisions"] or ()
    )
    upns = row["upns"] or ()
    details = Details(**{name: row[name] for name in _DETAILS}, birth_date=row["birth_date"])
    return Account(
        str(row["id"]),
        row["active"],
        Reason(row["reason_rule"], row["reason_code"], tuple((row["reason_values"] or {}).items())),
        details,
        row["upn"],
        frozenset(upns) - {row["upn"]},
        next((p["school"] for p in placements if p["role"] == "holding" and not p["ended"]), None),
        frozenset(p["school"] for p in placements if p["role"] == "guest" and not p["ended"]),
        frozenset(p["school"] for p in placements if p["role"] == "post" and not p["ended"]),
        frozenset(p["school"] for p in placements if p["role"] != "guest"),
        standing,
        row["grace_until"],
    )


_DETAILS = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename")


def _learner_entry(word: dict[str, Any]) -> LearnerEntry:
    fields = {name: word[name] for name in LearnerRecord.__dataclass_fields__}
    return LearnerEntry(
        word["school"], LearnerRecord(**{**fields, **_typed(fields)}), _day(word["missing_since"]), word["refused"],
        word["doubtful"],
    )  # fmt: skip


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    return {**{name: _day(fields[name]) for name in _DATES}, "classes": tuple(fields["classes"] or ())}


def _made(decisions: list[dict[str, Any]] | None) -> tuple[Made, ...]:
    return tuple(
        Made(
            DecisionKind(made["kind"]), made["school"] or None, made["by"], datetime.fromisoformat(made["at"]),
            made["reason"],
        )
        for made in decisions or ()
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _run(row: dict[str, Any], which: str) -> RunSeen | None:
    if row[f"{which}_id"] is None:
        return None
    return RunSeen(row[f"{which}_id"], row[f"{which}_at"], row[f"{which}_as_at"])


def _problem(item: dict[str, Any]) -> Problem:
    values = tuple((key, value) for key, value in item["values"])
    return Problem(item["code"], item["record"], item["field"], item["value"], item["kind"], values)


def _failures(row: dict[str, Any]) -> tuple[int, str]:
    """Attempts since the last success: those that the server saw, and those that the client reported."""
    last, report = row["last_at"], row["report"] or {}
    told = [a for a in report.get("failed_attempts", ()) if last is None or _moment(a["at"]) > last]
    code = row["failed_code"] or ""
    if told and (row["failed_at"] is None or _moment(told[-1]["at"]) > row["failed_at"]):
        code = told[-1]["code"]
    return (row["failed_count"] or 0) + len(told), code


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


def _schedule(report: dict[str, Any] | None) -> str:
    """The time of day at which the client says that it runs, empty when it does not say exactly one."""
    at = expected.time_of((report or {}).get("schedule", ""))
    return "" if at is None else f"{at:%H:%M}"


def _held_rows(body: Any) -> dict[str, list[list[str]]]:
    if body is None:
        return {}
    content = json.loads(zlib.decompress(bytes(body)))
    return {name: content[name] for name in ("learners", "staff")}


def _held_changes(plan: list[dict[str, Any]] | None, dfes: str) -> frozenset[str]:
    return frozenset(change["person"] for change in plan or () if change["school"] == dfes)
