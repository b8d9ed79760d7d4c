"""The end of a school year: first runs, two mistakes that harm nobody, and leavers entered before they leave."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hwb.demo import authority
from hwb.demo.authority import BRYN, GLAN_AFON, HEOL, MAES, TAN_YR_ALLT
from hwb.demo.stage import CHAMPION, OPERATOR, YEAR, DemoFailed, Stage, must
from hwb.directory.queries import schools
from hwb.extract.texts import N_, Text, ngettext
from hwb.operations import accounts, clients, provisioning, registers, settings


def tell(stage: Stage) -> None:
    """July, day by day."""
    stage.day(7, 6)
    register(stage)
    send_for_the_first_time(stage)
    filter_mistakenly(stage)
    undo_a_wrong_file(stage)
    teach_at_two_schools(stage)
    deactivate(stage)
    enter_leavers_early(stage)
    for day in (16, 17):
        stage.tell.heading(stage.day(7, day), N_("the schools' clients run as they are scheduled."))
        stage.night()
    pass_the_leaving_date(stage)


def register(stage: Stage) -> None:
    """The registers of authorities and schools, and three clients: the authority's, and those of two schools."""
    known = schools.statuses(on=stage.today, now=stage.now, limits=schools.DEFAULT_LIMITS)
    if known:
        raise DemoFailed(Text(N_("The demo needs an empty database. This one has schools: HWB_HOME names another.")))
    registers.import_authorities(content=authority.authorities_csv().encode(), acting_user=OPERATOR, now=stage.now)
    taken = registers.import_schools(
        content=authority.schools_csv(stage.schools).encode(), acting_user=OPERATOR, now=stage.now, on=stage.today
    )
    must(taken.taken == len(stage.schools) and not taken.faults, "hwb schools import", taken)
    names = dict.fromkeys(school.client for school in stage.schools)
    for name in names:
        own = [school.dfes for school in stage.schools if school.client == name]
        made = clients.register(schools=own, acting_user=OPERATOR, at=datetime.now(UTC), now=stage.now)
        stage.enrol(name, made.code)
    stage.tell.line(ngettext("{count} invented school is registered.", "{count} invented schools are registered.",
                             len(stage.schools)), indent=0)  # fmt: skip
    stage.tell.line(ngettext("{count} client is enrolled.", "{count} clients are enrolled.", len(names)), indent=0)


def send_for_the_first_time(stage: Stage) -> None:
    """R1, R22: one account for everybody on the books but the one whose record is refused."""
    stage.tell.heading(stage.today, N_("every school sends what its MIS says."))
    school = stage.school(TAN_YR_ALLT)
    without_code = school.staff[-1]
    school.staff[-1] = replace(without_code, staff_code="")
    for each in stage.schools:
        stage.send(each)
    everyone = stage.everyone().values()
    learners = sum(len(each.learners) for each in stage.schools)
    staff = sum(len(each.staff) for each in stage.schools) - 1
    must(sum(account.kind == "learner" for account in everyone) == learners, "R1", len(everyone), learners)
    must(sum(account.kind == "staff" for account in everyone) == staff, "R22", len(everyone), staff)
    must(all(account.state == "active" for account in everyone), "R1")
    stage.tell.say(N_("Every person has one account; a member of staff without a staff code has none yet (R20)."))
    stage.tell.line(ngettext("Learners: {count} account", "Learners: {count} accounts", learners))
    stage.tell.line(ngettext("Staff: {count} account", "Staff: {count} accounts", staff))


def filter_mistakenly(stage: Stage) -> None:
    """R36: a file without a whole year group is held, and withdrawn. Nobody notices."""
    stage.tell.heading(stage.day(7, 7), N_("a filter mistake leaves a whole year group out of a file."))
    school = stage.school(BRYN)
    complete, before = list(school.learners), stage.picture(school)
    school.learners = [record for record in complete if record.year_group != "3"]
    result = stage.send(school)
    must(result["outcome"] == "held", "R36", result["outcome"])
    provisioning.withdraw(run_id=UUID(result["run"]), acting_user=CHAMPION, now=stage.now)
    must(stage.picture(school) == before, "R36")
    school.learners = complete
    stage.tell.say(N_("The school withdraws the run. Nothing had changed for anybody."))


def undo_a_wrong_file(stage: Stage) -> None:
    """Undo: an old file with other names is applied, seen to be wrong, and taken back."""
    stage.tell.heading(stage.day(7, 8), N_("a school sends the wrong file, sees it, and undoes the run."))
    school = stage.school(HEOL)
    complete, before = list(school.learners), stage.picture(school)
    school.learners = [replace(x, legal_surname="Anghywir") if n < 5 else x for n, x in enumerate(complete)]
    result = stage.send(school)
    must(result["outcome"] == "applied" and stage.picture(school) != before, "R34", result["outcome"])
    provisioning.undo(run_id=UUID(result["run"]), acting_user=CHAMPION, now=stage.now, on=stage.today)
    must(stage.picture(school) == before, "undo")
    school.learners = complete
    stage.tell.line(ngettext("Undone: {count} name is as it was.", "Undone: {count} names are as they were.", 5))


def teach_at_two_schools(stage: Stage) -> None:
    """R7: two learners of the special school are also taught at a primary, whose guests they are."""
    stage.tell.heading(stage.day(7, 9), N_("learners of the special school are also taught at a primary."))
    school = stage.school(HEOL)
    guests = stage.school(MAES).in_year("3")[:2]
    for record in guests:
        school.learners.append(
            replace(
                record, enrolment_status="S", mis_id=f"G{record.mis_id}", admission_number="", start_date=stage.today
            )
        )
    result = stage.send(school)
    must((result["created"], result["claimed"], result["waiting"]) == (0, 0, 0), "R7", json.dumps(result))
    for record in guests:
        account = stage.account(record.upn)
        roles = {(p.school, p.role) for p in account.placements if p.until is None}
        must(account.holder == MAES and roles == {(MAES, "holding"), (HEOL, "guest")}, "R7", account.holder, roles)
    stage.tell.line(ngettext("{count} learner is a guest there; the special school keeps the account (R7).",
                             "{count} learners are guests there; the special school keeps their accounts (R7).",
                             len(guests)))  # fmt: skip


def deactivate(stage: Stage) -> None:
    """R31: a Digital Champion's decision outlives the runs of the same school."""
    stage.tell.heading(stage.day(7, 10), N_("a Digital Champion deactivates an account."))
    school = stage.school(BRYN)
    account = stage.account(school.in_year("2")[0].upn)
    accounts.deactivate(
        username=account.username, school=BRYN, reason="agreed with the family", acting_user=CHAMPION, now=stage.now,
        on=stage.today,
    )  # fmt: skip
    stage.send(school)
    after = stage.account(account.upn or "")
    must(after.state == "inactive", "R31", after.state, after.reason)
    stage.tell.say(N_("The school's client runs, and the account stays inactive (R31). Account: {name}"),
                   name=account.display_name)  # fmt: skip


def enter_leavers_early(stage: Stage) -> None:
    """R3, R39: leaving dates that lie ahead change nothing yet; and a grace for those who leave school."""
    stage.tell.heading(stage.day(7, 15), N_("a primary enters its leavers' dates before they leave."))
    school = stage.school(HEOL)
    leavers = school.in_year("6")
    for record in leavers:
        school.change(record.upn, leaving_date=date(YEAR, 7, 20))
    result = stage.send(school)
    must(result["outcome"] == "applied" and not result["released"], "R3", json.dumps(result))
    stage.tell.say(N_("Nobody has lost anything yet: a leaving date is the last day on roll (R3)."))
    settings.put(key=f"grace.13.{GLAN_AFON}", value="09-30", acting_user=CHAMPION, now=stage.now)
    stage.tell.say(N_("Year 13 may sign in until 30 September after leaving (R39). School: {school}"),
                   school=stage.tell.name(stage.school(GLAN_AFON)))  # fmt: skip


def pass_the_leaving_date(stage: Stage) -> None:
    """R3: the day itself releases the leavers, without a run."""
    leavers = [record for record in stage.school(HEOL).learners if record.leaving_date == date(YEAR, 7, 20)]
    stage.day(7, 20)
    stage.pass_night()
    must(all(stage.account(record.upn).state == "active" for record in leavers), "R3")
    stage.tell.heading(stage.day(7, 21, hour=6), N_("the leaving date has passed."))
    stage.pass_night()
    for record in leavers:
        account = stage.account(record.upn)
        must(account.state == "inactive" and account.holder is None, "R3", account.state, account.holder)
    stage.tell.line(ngettext("{count} account is released by the date alone; no run was needed (R3).",
                             "{count} accounts are released by the date alone; no run was needed (R3).",
                             len(leavers)))  # fmt: skip
