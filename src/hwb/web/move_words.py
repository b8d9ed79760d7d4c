"""What all pages about an account move, in both rooms, say alike: how a case stands, the items, names of schools."""

from __future__ import annotations

from hwb.lifecycle.consolidation import Decider, SchoolSeen, Status
from hwb.lifecycle.consolidation_evidence import Check, Item, Result
from hwb.web.frame import name_in_language
from hwb.web.words import N_

STATUS = {
    Status.WAITING_STAFF: N_("Waiting for the staff member"),
    Status.WAITING_HEAD: N_("Waiting for headteacher"),
    Status.WAITING_PROOF: N_("Waiting for proof of the e-mail"),
    Status.WAITING_LEAVING_DATE: N_("Waiting for leaving date"),
    Status.WAITING_ACCOUNT: N_("Waiting for the new account"),
    Status.TO_CHECK: N_("To check: something differs"),
    Status.READY: N_("Ready to do"),
    Status.SECOND_CHECK: N_("Second check"),
    Status.DONE: N_("Done"),
    Status.UNDONE: N_("Undone"),
    Status.REFUSED: N_("Closed without change"),
    Status.WITHDRAWN: N_("Withdrawn"),
    Status.EXPIRED: N_("Expired"),
}
DECIDERS = {
    Decider.HEAD: N_("The headteacher decides."),
    Decider.DEPUTY: N_("Somebody else with the headteacher's role decides: the headteacher is the one who moves."),
    Decider.SUCCESSOR: N_("The previous school has closed: the headteacher of the school that followed it decides."),
    Decider.AUTHORITY: N_("The local authority decides: no headteacher of the previous school can."),
}
ITEMS = {
    Item.LEAVING_CONFIRMED: N_("Leaving date confirmed"),
    Item.FORMER_NAME: N_("Name of the former member of staff"),
    Item.PREVIOUS_SCHOOL: N_("Name of the previous school"),
    Item.PREVIOUS_NUMBER: N_("Number of the previous school"),
    Item.PREVIOUS_USERNAME: N_("Previous username"),
    Item.MOVES_TO: N_("Name of the new school, by the headteacher"),
    Item.NEW_SCHOOL: N_("Name of the new school"),
    Item.NEW_NUMBER: N_("Number of the new school"),
    Item.NEW_USERNAME: N_("New username"),
    Item.STAFF_CODE: N_("Staff code"),
    Item.EMPLOYEE_NUMBER: N_("Employee number"),
}
RESULTS = {
    Result.AGREES: N_("Agrees with our records"),
    Result.DIFFERS: N_("Differs"),
    Result.NOT_RECEIVED: N_("Not yet received"),
    Result.RECORDED: N_("Recorded by agent"),
}
SOURCES = {
    "headteacher": N_("Previous headteacher"), "staff member": N_("Staff member"), "agent": N_("Support agent"), "": "",
}  # fmt: skip
CHECKS = {
    Check.LEFT: N_("A leaving date was received from the previous school, and has passed"),
    Check.RELEASED: N_("The old account is inactive"),
    Check.ARRIVED: N_("The new account is active and came from a run"),
    Check.CODE_UNIQUE: N_("Nobody else at the new school has the staff code"),
    Check.NO_OTHER_CASE: N_("The person has no other open case"),
    Check.OLDER: N_("The old account is the earlier one, and was at the previous school"),
    Check.FREE: N_("Nothing else stands against joining these two accounts"),
}


def school_name(school: SchoolSeen | None) -> tuple[str, str]:
    """A school's name with its language; empty for none."""
    if school is None:
        return "", "en"
    name, language = name_in_language(school.name_en, school.name_cy)
    return name or school.dfes, language
