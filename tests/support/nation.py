"""A nation in memory: the rules' plans applied to plain dictionaries, a twin of the directory's store."""

from __future__ import annotations

import itertools
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from hwb.extract.records import LearnerRecord, Refused, Snapshot, StaffRecord
from hwb.lifecycle import access, closing, consolidation_join, planning, undoing
from hwb.lifecycle.changes import Change, ChangeKind
from hwb.lifecycle.facts import (
    Account,
    Decision,
    DecisionKind,
    Details,
    Learner,
    LearnerEntry,
    Reason,
    School,
    SchoolFacts,
    StaffEntry,
    StaffMember,
    WaitCause,
)
from hwb.lifecycle.plan import Plan, waits_found
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule
from hwb.lifecycle.words import asks_for, is_missing

NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename", "birth_date")


@dataclass
class Ran:
    """What is kept of an accepted run so that it can be undone."""

    snapshot: Snapshot
    plan: Plan
    learners_before: dict[str, LearnerEntry | None]
    staff_before: dict[str, StaffEntry | None]
    taken_from: dict[str, str]
    rekeyed: list[tuple[str, str]]
    ended: list[tuple[str, Decision]]


@dataclass
class Nation:
    """Every school's newest words, every account, every wait."""

    policy: Policy = field(default_factory=Policy)
    phases: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    upns: dict[str, str] = field(default_factory=dict)
    words: dict[tuple[str, str], LearnerEntry] = field(default_factory=dict)
    staff: dict[str, tuple[StaffEntry, str | None]] = field(default_factory=dict)
    waits: dict[tuple[str, str], WaitCause] = field(default_factory=dict)
    runs: dict[str, list[Ran]] = field(default_factory=dict)
    withdrawn: dict[str, set[str]] = field(default_factory=dict)
    held: dict[str, Plan] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    #: retiring account → the kept one, what stood before, and which words it brought; and every pair there ever was
    joined: dict[str, tuple[str, consolidation_join.Before, frozenset[str]]] = field(default_factory=dict)
    partners: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    # -- what people do ---------------------------------------------------------------------------------

    def run(
        self,
        school: str,
        learners: list[LearnerRecord] | None = None,
        *,
        on: date,
        staff: list[StaffRecord] | None = None,
        refused: tuple[Refused, ...] = (),
        confirm: bool = False,
    ) -> Plan:
        """One school's run on a day; held plans change nothing unless confirmed."""
        snapshot = self.snapshot(school, learners, on=on, staff=staff, refused=refused)
        facts = self.facts(school, [r.upn for r in snapshot.learners] + [r.former_upn for r in snapshot.learners])
        plan = planning.plan_run(snapshot=snapshot, facts=facts, on=on, policy=self.policy)
        turned = replace(facts, learners=dict(reversed(facts.learners.items())))  # a database gives them in any order
        again = planning.plan_run(snapshot=snapshot, facts=turned, on=on, policy=self.policy)
        assert again.changes == plan.changes
        for counts in (plan.learner_counts, plan.staff_counts):  # I15: every record in one count, and once
            assert 2 * counts.received == sum(astuple(counts)) - counts.missing, counts
        if plan.holds and not confirm:
            self.held[school] = plan
            return plan
        self.held.pop(school, None)
        known = set(self.staff)
        self._remember(school, snapshot, plan)
        self.apply(plan)
        self.runs[school][-1].staff_before.update(dict.fromkeys(set(self.staff) - known))
        return plan

    def snapshot(
        self,
        school: str,
        learners: list[LearnerRecord] | None,
        *,
        on: date,
        staff: list[StaffRecord] | None = None,
        refused: tuple[Refused, ...] = (),
    ) -> Snapshot:
        covers = frozenset(kind for kind, people in (("learner", learners), ("staff", staff)) if people is not None)
        digest = repr((sorted(map(repr, learners or [])), sorted(map(repr, staff or [])), refused))
        return Snapshot(
            school,
            datetime.combine(on, time(12), UTC),
            "hwb",
            covers,  # type: ignore[arg-type]
            digest,
            tuple(learners or ()),
            tuple(staff or ()),
            refused,
        )

    def day(self, on: date) -> list[Plan]:
        """Time-driven work of every school (tick)."""
        plans = []
        for school in sorted({s for s, _ in self.words} | {e.school for e, _ in self.staff.values()}):
            plan = planning.plan_due(facts=self.facts(school, []), on=on, policy=self.policy)
            self.apply(plan)
            plans.append(plan)
        return plans

    def undo(self, school: str, *, on: date) -> Plan:
        """Withdraw the school's newest accepted run."""
        ran = self.runs[school][-1]
        self.withdrawn.setdefault(school, set()).add(ran.snapshot.digest)
        facts = self.facts(school, list(ran.learners_before) + [old for old, _ in ran.rekeyed])
        members = {m.entry.id: m for m in facts.staff}
        before = undoing.Before(
            ran.learners_before,
            ran.staff_before,
            ran.taken_from,
            ran.rekeyed,
            brought=frozenset(
                change.person
                for change in ran.plan.changes
                if change.school == school and change.kind in (ChangeKind.CREATE, ChangeKind.CLAIM)
            ),
            renamed={
                change.account or "": (change.before, change.after)
                for change in ran.plan.changes
                if change.kind is ChangeKind.DETAILS
            },
            waits=waits_found(ran.plan),
            reposted=frozenset(c.account or "" for c in ran.plan.changes if c.kind is ChangeKind.POST),
            others=[(w.before, w.after) for w in ran.plan.learner_writes if w.before and w.before.school != school],
        ).with_partners(self.partners)
        plan = undoing.plan_undo(
            facts=facts,
            before=before,
            staff_words=[(members[id_], word) for id_, word in ran.staff_before.items() if id_ in members],
            reopened=ran.ended,
            on=on,
            policy=self.policy,
        )
        self.apply(plan)
        self.runs[school].pop()
        return plan

    def close(self, school: str, successor: str | None, *, on: date) -> Plan:
        """A school closes, with or without a successor."""
        plan = closing.plan_closure(
            facts=self.facts(school, []), successor_of=lambda _: successor, on=on, policy=self.policy
        )
        self.apply(plan)
        return plan

    def join(self, kept: str, retiring: str, *, school: str) -> Plan:
        """Two staff accounts become one (R25)."""
        pair = self._pair(kept, retiring, frozenset(id_ for id_, (_, owner) in self.staff.items() if owner == retiring))
        before = consolidation_join.Before(pair.kept.details, pair.kept.reason)
        plan = consolidation_join.plan_join(pair, school=school)
        self.joined[retiring] = kept, before, frozenset(word.id for word in pair.words)
        self.partners |= {kept: retiring, retiring: kept}
        self.apply(plan)
        return plan

    def unjoin(self, retiring: str, *, school: str, on: date) -> Plan:
        """The joining is undone."""
        kept, before, words = self.joined.pop(retiring)
        plan = consolidation_join.plan_undo(self._pair(kept, retiring, words), before, school=school, on=on)
        self.apply(plan)
        return plan

    def _pair(self, kept: str, retiring: str, words: frozenset[str]) -> consolidation_join.Pair:
        own = tuple(e for id_, (e, owner) in self.staff.items() if owner == kept and id_ not in words)
        moved = tuple(e for id_, (e, _) in self.staff.items() if id_ in words)
        return consolidation_join.Pair(self.accounts[kept], self.accounts[retiring], own, moved)

    def decide(self, account_id: str, kind: DecisionKind, *, school: str | None, on: date) -> None:
        """A decision, and what follows from it."""
        decision = Decision(f"decision{next(self.numbers)}", kind, school)
        account = self.accounts[account_id]
        self.accounts[account_id] = replace(account, decisions=(*account.decisions, decision))
        self._resettle(account_id, on)

    def end_decisions(self, account_id: str, kind: DecisionKind, *, on: date) -> None:
        account = self.accounts[account_id]
        left = tuple(d for d in account.decisions if d.kind is not kind)
        self.accounts[account_id] = replace(account, decisions=left)
        self._resettle(account_id, on)

    def still_here(self, upn: str, *, school: str, on: date) -> None:
        """A Digital Champion takes back that a missing person left (R32)."""
        account = self.of(upn)
        self._set(account.id, decisions=tuple(d for d in account.decisions if d.kind is not DecisionKind.LEFT))
        facts = self.facts(school, [upn])
        facts = replace(facts, learners={upn: facts.learners[upn]}, staff=())
        self.apply(planning.plan_due(facts=facts, on=on, policy=self.policy, still_here=True))

    def left(self, upn: str, *, school: str, on: date) -> None:
        """A Digital Champion says that a person left (R31, R32)."""
        entry = self.words.get((school, upn))
        self.decide(self.upns[upn], access.kind_of_left(entry), school=school, on=on)

    # -- looking ----------------------------------------------------------------------------------------

    def of(self, upn: str) -> Account:
        """The account of a UPN (KeyError when it has none)."""
        return self.accounts[self.upns[upn]]

    def holder(self, upn: str) -> str | None:
        return self.of(upn).holder if upn in self.upns else None

    def missing(self, school: str) -> set[str]:
        return {
            upn
            for (at, upn), entry in self.words.items()
            if at == school and is_missing(entry) and self.holder(upn) == school
        }

    def staff_account(self, school: str, code: str) -> Account:
        for entry, account in reversed(self.staff.values()):
            if entry.school == school and entry.record.staff_code == code and account:
                return self.accounts[account]
        raise KeyError(code)

    def state(self) -> dict[str, Any]:
        """Everything that people can see, with accounts named by UPN and schools' words (not by internal id)."""
        return {
            "accounts": {
                account.upn or min(e.record.staff_code for e, a in self.staff.values() if a == id_)
                if account.upn or any(a == id_ for _, a in self.staff.values())
                else id_: (
                    account.active,
                    account.holder,
                    account.details,
                    tuple(sorted(account.guests)),
                    tuple(sorted(account.posts)),
                )
                for id_, account in self.accounts.items()
            },
            "waits": dict(self.waits),
            "words": dict(self.words),
        }

    # -- the store --------------------------------------------------------------------------------------

    def facts(self, school: str, upns: list[str]) -> SchoolFacts:
        wanted = {upn for upn in upns if upn} | {upn for at, upn in self.words if at == school}
        wanted |= {a.upn for a in self.accounts.values() if a.upn and (a.holder == school or school in a.guests)}
        wanted |= {
            entry.record.former_upn for (_, upn), entry in self.words.items() if upn in wanted and entry.doubtful
        }
        people: dict[str, Learner] = {}
        for upn in wanted - {""}:
            person = self._person(upn)
            for name in {upn, *self._all_upns(upn)}:
                people[name] = people.get(name) or person
        people = {name: self._asked(person, people) for name, person in people.items()}
        ran = self.runs.get(school, [])
        return SchoolFacts(
            School(school, self.phases.get(school, "")),
            people,
            tuple(
                StaffMember(entry, self.accounts[account] if account else None, self._elsewhere(entry, account))
                for entry, account in self.staff.values()
                if entry.school == school
            ),
            ran[-1].snapshot.as_at if ran else None,
            ran[-1].snapshot.digest if ran else "",
            frozenset(kind for r in ran for kind in r.snapshot.covers),
            frozenset(self.withdrawn.get(school, set())),
            duplicates=frozenset(
                (change.account or "", change.after["other"])
                for change in self.changes
                if change.kind is ChangeKind.DUPLICATE and change.school == school
            ),
        )

    def apply(self, plan: Plan) -> None:
        ids: dict[str, str] = {}
        for change in plan.changes:
            account_id = change.account or ids.get(change.person) or self.upns.get(change.person)
            if change.kind is ChangeKind.CREATE:
                account_id = f"account{next(self.numbers)}"
                ids[change.person] = account_id
            _APPLY[change.kind](self, change, account_id)
            self.changes.append(change)
        for write in plan.learner_writes:
            if write.before is not None:
                self.words.pop((write.before.school, write.before.record.upn), None)
        for write in plan.learner_writes:
            if write.after is not None:
                self.words[(write.after.school, write.after.record.upn)] = write.after
        for staff_write in plan.staff_writes:
            if staff_write.after is None:
                if staff_write.before is not None:
                    self.staff.pop(staff_write.before.id, None)
                continue
            id_ = staff_write.after.id or (staff_write.before.id if staff_write.before else "")
            id_ = id_ or f"staff{next(self.numbers)}"
            linked = staff_write.account or ids.get(staff_write.person)
            self.staff[id_] = (replace(staff_write.after, id=id_), linked)
        for key, (entry, account) in list(self.staff.items()):
            person = f"staff:{entry.id}"
            if account is None and person in ids:
                self.staff[key] = (entry, ids[person])

    def _remember(self, school: str, snapshot: Snapshot, plan: Plan) -> None:
        learners: dict[str, LearnerEntry | None] = {}
        for write in plan.learner_writes:
            if write.before is not None and write.before.school == school:
                learners[write.before.record.upn] = write.before
            if write.after is not None and write.after.school == school:
                learners.setdefault(write.after.record.upn, None)
        staff_before: dict[str, StaffEntry | None] = {}
        for staff_write in plan.staff_writes:
            if staff_write.before is not None:
                staff_before[staff_write.before.id] = staff_write.before
        taken = {
            change.person: change.before["holder"]
            for change in plan.changes
            if change.kind in (ChangeKind.CLAIM, ChangeKind.RELEASE) and change.before["holder"]
        }
        rekeyed = [(c.before["upn"], c.after["upn"]) for c in plan.changes if c.kind is ChangeKind.REKEY]
        ended = [
            (c.account or "", next(d for d in self.accounts[c.account or ""].decisions if d.id == c.after["decision"]))
            for c in plan.changes
            if c.kind is ChangeKind.DECISION_END
        ]
        ran = Ran(snapshot, plan, learners, staff_before, taken, rekeyed, ended)
        self.runs.setdefault(school, []).append(ran)

    def _asked(self, person: Learner, people: dict[str, Learner]) -> Learner:
        """The person with those who ask for their account under another UPN."""
        account = person.account
        if account is None:
            return person
        asking = {recorded for (_, recorded), entry in self.words.items() if asks_for(entry, account)}
        return replace(person, asking=tuple(self._person(upn) for upn in sorted(asking) if upn not in self.upns))

    def _person(self, upn: str) -> Learner:
        account_id = self.upns.get(upn)
        names = self._all_upns(upn)
        entries = tuple(e for (_, recorded), e in sorted(self.words.items()) if recorded in names)
        waits = tuple((at, cause) for (at, recorded), cause in sorted(self.waits.items()) if recorded in names)
        account = self.accounts[account_id] if account_id else None
        return Learner(account.upn if account else upn, account, entries, waits)

    def _all_upns(self, upn: str) -> set[str]:
        account_id = self.upns.get(upn)
        if account_id is None:
            return {upn}
        return {name for name, owner in self.upns.items() if owner == account_id}

    def _elsewhere(self, entry: StaffEntry, account: str | None) -> tuple[StaffEntry, ...]:
        return tuple(e for e, a in self.staff.values() if account and a == account and e.id != entry.id)

    def _resettle(self, account_id: str, on: date) -> None:
        account = self.accounts[account_id]
        for school in sorted(account.schools):
            facts = self.facts(school, [])
            people = {u: p for u, p in facts.learners.items() if p.account and p.account.id == account_id}
            staff = tuple(m for m in facts.staff if m.account and m.account.id == account_id)
            plan = planning.plan_due(facts=replace(facts, learners=people, staff=staff), on=on, policy=self.policy)
            self.apply(plan)

    def _set(self, account_id: str | None, **values: Any) -> None:
        assert account_id is not None
        self.accounts[account_id] = replace(self.accounts[account_id], **values)

    def _reason(self, change: Change) -> Reason:
        return Reason(change.rule, change.reason, change.values)


def _create(nation: Nation, change: Change, account_id: str | None) -> None:
    assert account_id is not None
    after = change.after
    birth = date.fromisoformat(after["birth_date"]) if after["birth_date"] else None
    details = Details(*(after[name] for name in NAMES[:4]), birth)
    school = after.get("holder") or after.get("post")
    nation.accounts[account_id] = Account(
        account_id,
        True,
        nation._reason(change),
        details,
        upn=after.get("upn", ""),
        holder=after.get("holder"),
        posts=frozenset({after["post"]} if "post" in after else set()),
        schools=frozenset({school}),
    )
    if after.get("upn"):
        nation.upns[after["upn"]] = account_id


def _claim(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    nation._set(
        account_id,
        holder=change.after["holder"],
        grace_until=None,
        guests=account.guests - {change.after["holder"]},
        schools=account.schools | {change.after["holder"]},
    )


def _release(nation: Nation, change: Change, account_id: str | None) -> None:
    grace = change.after["grace_until"]
    until = date.fromisoformat(grace) if grace else None
    nation._set(account_id, holder=None, grace_until=until, reason=nation._reason(change))


def _state(nation: Nation, change: Change, account_id: str | None) -> None:
    nation._set(account_id, active=change.after["state"] == "active", reason=nation._reason(change))


def _details(nation: Nation, change: Change, account_id: str | None) -> None:
    values = dict(change.after)
    if values.get("birth_date"):
        values["birth_date"] = date.fromisoformat(values["birth_date"])
    nation._set(account_id, details=replace(nation.accounts[account_id or ""].details, **values))


def _rekey(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    upns = {change.before["upn"], change.after["upn"]} | account.aliases
    nation.upns[change.after["upn"]] = account_id or ""
    if change.rule == Rule.UNDO:
        upns -= {change.before["upn"]}
        del nation.upns[change.before["upn"]]
    nation._set(account_id, upn=change.after["upn"], aliases=upns - {change.after["upn"]})


def _guest(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    nation._set(account_id, guests=account.guests | {change.school}, schools=account.schools | {change.school})


def _guest_end(nation: Nation, change: Change, account_id: str | None) -> None:
    nation._set(account_id, guests=nation.accounts[account_id or ""].guests - {change.school})


def _post(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    nation._set(account_id, posts=account.posts | {change.school}, schools=account.schools | {change.school})


def _post_end(nation: Nation, change: Change, account_id: str | None) -> None:
    nation._set(account_id, posts=nation.accounts[account_id or ""].posts - {change.school})


def _wait(nation: Nation, change: Change, account_id: str | None) -> None:
    nation.waits[(change.school, change.person)] = WaitCause(change.after["cause"])


def _wait_end(nation: Nation, change: Change, account_id: str | None) -> None:
    nation.waits.pop((change.school, change.person), None)


def _decision_end(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    nation._set(account_id, decisions=tuple(d for d in account.decisions if d.id != change.after["decision"]))


def _decision_reopen(nation: Nation, change: Change, account_id: str | None) -> None:
    account = nation.accounts[account_id or ""]
    ended = (each for runs in nation.runs.values() for ran in runs for _, each in ran.ended)
    again = next(each for each in ended if each.id == change.after["decision"])
    nation._set(account_id, decisions=(*account.decisions, again))


def _nothing(nation: Nation, change: Change, account_id: str | None) -> None:
    """Stands in the school's words or is only told."""


_APPLY = {
    ChangeKind.CREATE: _create,
    ChangeKind.CLAIM: _claim,
    ChangeKind.RELEASE: _release,
    ChangeKind.STATE: _state,
    ChangeKind.DETAILS: _details,
    ChangeKind.PLACE: _nothing,
    ChangeKind.REKEY: _rekey,
    ChangeKind.GUEST: _guest,
    ChangeKind.GUEST_END: _guest_end,
    ChangeKind.POST: _post,
    ChangeKind.POST_END: _post_end,
    ChangeKind.WAIT: _wait,
    ChangeKind.WAIT_END: _wait_end,
    ChangeKind.MISSING: _nothing,
    ChangeKind.MISSING_END: _nothing,
    ChangeKind.DUPLICATE: _nothing,
    ChangeKind.DECISION_END: _decision_end,
    ChangeKind.DECISION_REOPEN: _decision_reopen,
}
