"""A new school year: everybody moves up, one school is late, dates were forgotten; what is left to do."""

from __future__ import annotations

from hwb.demo import happenings, people
from hwb.demo.authority import BRYN, CWM, GLAN_AFON, LLAN, TAN_YR_ALLT
from hwb.demo.happenings import LATER, TEMPORARY
from hwb.demo.stage import YEAR, Stage, must
from hwb.extract.records import LearnerRecord
from hwb.extract.texts import N_, ngettext

FORGOTTEN_AT_BRYN = 3


def tell(stage: Stage) -> None:
    """September, day by day."""
    stage.tell.heading(
        stage.day(9, 3, hour=7), N_("the new year. One school is late, and leaving dates were forgotten.")
    )
    before = stage.everyone()
    people.next_year(stage.schools, year=YEAR, chance=stage.chance)
    forgotten = forget_leaving_dates(stage)
    checks = [happen(stage) for happen in happenings.ALL]
    begin_the_year(stage, forgotten)
    for check in checks:
        check()
    end_the_waits(stage, forgotten)
    give_the_upn(stage)
    for day in (8, 9):
        stage.tell.heading(stage.day(9, day), N_("the schools' clients run as they are scheduled."))
        stage.night()
    leave_a_run_held(stage)
    now = stage.everyone()
    for id_, account in before.items():  # I13: whatever happened, everybody has the account of before
        after = now[id_]
        must((after.username, after.email) == (account.username, account.email), "I13", id_, after.username)


def forget_leaving_dates(stage: Stage) -> dict[str, list[LearnerRecord]]:
    """Learners who go to another school while their own forgets to say so, by their school."""
    forgotten: dict[str, list[LearnerRecord]] = {}
    for dfes, count in ((BRYN, FORGOTTEN_AT_BRYN), (TAN_YR_ALLT, 1)):
        school = stage.school(dfes)
        leavers = [record for record in school.learners if record.year_group == "6" and record.leaving_date is not None]
        forgotten[dfes] = leavers[:count]
        for record in forgotten[dfes]:
            school.change(record.upn, leaving_date=None)
    return forgotten


def begin_the_year(stage: Stage, forgotten: dict[str, list[LearnerRecord]]) -> None:
    """R2, R3, R4, R5: every school but one sends, in an order of chance."""
    order = [school for school in stage.schools if school.dfes != LLAN]
    stage.chance.shuffle(order)
    for school in order:
        result = stage.send(school)
        must(result["outcome"] == "applied", "R36", school.dfes, result["holds"])
    late = [record for record in stage.school(LLAN).learners if record.leaving_date is not None]
    expected = {record.upn for records in forgotten.values() for record in records} | {record.upn for record in late}
    _expect_waits(stage, expected)
    stage.tell.line(ngettext("{count} learner waits for their previous school; no second account is made (R5).",
                             "{count} learners wait for their previous school; no second account is made (R5).",
                             len(expected)))  # fmt: skip


def end_the_waits(stage: Stage, forgotten: dict[str, list[LearnerRecord]]) -> None:
    """R6: the late school runs, the forgotten dates are entered, and nobody has to run the new schools again."""
    stage.tell.heading(stage.day(9, 4, hour=7), N_("the late school runs, and forgotten leaving dates are entered."))
    late, bryn = stage.school(LLAN), stage.school(BRYN)
    stage.send(late)
    for record in forgotten[BRYN]:
        bryn.change(record.upn, leaving_date=record.leaving_date)
    stage.send(bryn)
    came = forgotten[BRYN] + [record for record in late.learners if record.leaving_date is not None]
    for record in came:
        account = stage.account(record.upn)
        must((account.holder, account.state) == (CWM, "active"), "R6", account.holder, account.state)
    _expect_waits(stage, {record.upn for record in forgotten[TAN_YR_ALLT]})
    stage.tell.line(ngettext("{count} account went to the new school, which did not have to run again (R6).",
                             "{count} accounts went to the new school, which did not have to run again (R6).",
                             len(came)))  # fmt: skip
    for wait in stage.waits():
        must((wait.holder, wait.school) == (TAN_YR_ALLT, GLAN_AFON), "R5", wait.holder, wait.school)
        stage.tell.say(N_("Still waiting: {name}. {step}"),
                       name=stage.account(wait.upn).display_name, step=wait.next_step)  # fmt: skip


def give_the_upn(stage: Stage) -> None:
    """R9: the newcomer's own UPN comes, with the temporary one as the former: the same account."""
    stage.tell.heading(stage.day(9, 7), N_("the newcomer's own UPN arrives."))
    before = stage.account(TEMPORARY)
    school = stage.school(CWM)
    school.change(TEMPORARY, upn=LATER, former_upn=TEMPORARY)
    stage.send(school)
    after = stage.account(LATER)
    must((after.id, after.username, after.upn) == (before.id, before.username, LATER), "R9", after.username, after.upn)
    must(stage.account(TEMPORARY).id == after.id and TEMPORARY in after.aliases, "R9", after.aliases)
    stage.tell.say(N_("The same account, now under {upn}; the temporary UPN still leads to it (R9). Account: {name}"),
                   upn=LATER, name=after.display_name)  # fmt: skip


def leave_a_run_held(stage: Stage) -> None:
    """R36: a run that is held, and waits for somebody to confirm or withdraw it."""
    stage.tell.heading(stage.day(9, 10), N_("another filter mistake, which nobody has looked at yet."))
    school = stage.school(CWM)
    complete = list(school.learners)
    school.learners = [record for record in complete if record.year_group != "8"]
    result = stage.send(school)
    must(result["outcome"] == "held", "R36", result["outcome"])
    school.learners = complete
    others = [other for other in stage.schools if other is not school]
    for done in stage.send_all(others):
        must(done["outcome"] == "no change", "R35", done["school"], done["outcome"])


def _expect_waits(stage: Stage, upns: set[str]) -> None:
    found = {wait.upn for wait in stage.waits()}
    must(found == upns, "R5", len(found), len(upns))
    must(all(stage.account(upn).state == "active" for upn in upns), "R5")
