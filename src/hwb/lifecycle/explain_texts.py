"""The words of each explanation (ux.md 5.2, 5.3): one wording a code, and one a variant that the same code needs.

Names stand as gaps on their own, so that Welsh never has to mutate one. Where a sentence of the model in ux.md would
not be true of a case, the case has a variant of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from hwb.extract.texts import N_, Both, Text, ngettext, translate
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_result import DOMAIN, Owner


@dataclass(frozen=True, slots=True)
class Wording:
    """A headline, whose turn it is and what they do; ``plural``: the headline for more than one ({count})."""

    headline: str
    owner: Owner
    next_step: str
    when: str = ""
    plural: str = ""


_NOTHING = N_("Nothing needs to be done.")
_STAYS = N_("Nothing needs to be done. The record stays here so that you can see what happened.")
_RUN_CLIENT = N_("Have your client run. Contact: {contact}.")
_AFTER_YOURS = N_("After your next run.")
_EXPECTED = N_("After your next run, expected at {time}.")
_AFTER_THEIRS = N_("After the previous school's next run. Your own client need not run again for a learner who waits.")
_ASK_SCHOOL = N_(
    "Ask the previous school, or your local authority, to enter the leaving date and run the client. "
    "Authority of the previous school: {authority}."
)
_ASK_RUN = N_(
    "Ask the previous school, or your local authority, to have its client run. "
    "Authority of the previous school: {authority}."
)
_FIX = N_("Put it right in your MIS, then run the client. {fix}")
_FIX_UNKNOWN = N_("Look among the records to put right, correct this one in your MIS, then run the client.")
_SUPPORT = N_("Contact Hwb Support with this reference: {reference}.")
_SAFETY = N_("Only Hwb Support can switch it on again, because it was switched off for safety.")
_REACTIVATE = N_("Switch the account on again if that is right.")
_CHECK_DATE = N_("Check the date in your MIS if it is wrong.")
_MIS_THEN_RUN = N_("Enter the leaving date, or put the learner back on roll, in your MIS; then run the client.")
_CONFIRM = N_("Look at the held run, then confirm or withdraw it.")
_DECIDES = N_(
    "The earliest admission date decides, then main enrolment, then the lower school number. If the learner is not "
    "with you, enter the leaving date in your MIS and run the client; if the learner is, Hwb Support decides."
)
_SUPPORT_DECIDES = N_("Check the UPN and the date of birth in your MIS. If both are right, Hwb Support decides.")
_FAILING = N_("Put the reason right, then have your client run. Contact: {contact}.")
_NAME_OFF = N_("This account is switched off.")
_SUSPENDED = N_("This account is suspended.")
_SWITCHED_OFF = N_("{person} switched this account off on {date}.")
_COMPARE = N_(
    "Compare with a colleague who has an account: the field that differs is the one to put right in your MIS. "
    "Then run the client."
)
_LET_TRY = N_("Let the child try again: on the learner's record, or where the class's sign-in was started.")
_LET_TRY_OR_WAIT = N_(
    "Let the child try again: on the learner's record, or where the class's sign-in was started. The wait also ends by "
    "itself."
)
_NO_WAY = N_("There is no way to sign in yet: open the record and set three pictures, or make a password.")
_CHILDS_RECORD = N_("Open the record: the badge and the three pictures can be shown and replaced there.")
_ONCE_CONFIRMED = N_("As soon as the run is confirmed.")
_NOT_NEEDED = N_("Nothing needs to be done. The account cannot be used.")

_FAILED = ngettext(
    "Your client's last attempt failed: {reason}. Nothing new has reached us since {date}.",
    "Your client's last {count} attempts failed: {reason}. Nothing new has reached us since {date}.",
    0,
)
_FAILED_FIRST = ngettext(
    "Your client's last attempt failed: {reason}. Nothing has reached us from your school yet.",
    "Your client's last {count} attempts failed: {reason}. Nothing has reached us from your school yet.",
    0,
)
_FAILED_STAFF = ngettext(
    "Your client's last attempt failed: {reason}.",
    "Your client's last {count} attempts failed: {reason}.",
    0,
)
_SHARE = ngettext(
    "{holder}'s client has not run since {date}. Year {year} leaving dates are missing for {missing} of "
    "{count} learner.",
    "{holder}'s client has not run since {date}. Year {year} leaving dates are missing for {missing} of "
    "{count} learners.",
    0,
)

_WRONG = ngettext(
    "The account is active. The last sign-in attempt used a wrong password.",
    "The account is active. The last {count} sign-in attempts used a wrong password.",
    0,
)

WORDINGS: dict[str, Wording] = {
    # -- learners, in the order in which they are tried -----------------------------------------------------------
    "LX21": Wording(N_("We cannot show more about this record here."), Owner.SUPPORT, _SUPPORT),
    "LX25": Wording(_SUSPENDED, Owner.SUPPORT, _SUPPORT),
    "LX02": Wording(
        N_("We received {name} on {date} but could not use the record because: {reason}."),
        Owner.MIS_ADMINISTRATOR, _FIX, _AFTER_YOURS,
    ),
    "LX02.unknown": Wording(
        N_("We received {name} on {date} but could not use the record."),
        Owner.MIS_ADMINISTRATOR, _FIX_UNKNOWN, _AFTER_YOURS,
    ),
    "LX23": Wording(
        N_("This UPN belongs to somebody with another name and date of birth."), Owner.SUPPORT, _SUPPORT_DECIDES
    ),
    "LX23.former": Wording(
        N_("The account of this learner's former UPN cannot be taken over: the records do not agree."),
        Owner.SUPPORT,
        N_("Check the former UPN and the date of birth in your MIS. If both are right, Hwb Support decides."),
    ),
    "LX10": Wording(
        N_("Two schools have this UPN on roll. We have not moved the account. The school that has it: {holder}."),
        Owner.SUPPORT, _DECIDES,
    ),
    "LX10.here": Wording(
        N_("Two schools have this UPN on roll. We have not moved the account: it is with your school."),
        Owner.SUPPORT, _DECIDES,
    ),
    "LX12": Wording(
        N_("This learner is in your run of {date}, which is waiting for confirmation."),
        Owner.YOU, _CONFIRM, _ONCE_CONFIRMED,
    ),
    "LX16": Wording(
        _FAILED.message, Owner.CLIENT_MANAGER, _FAILING, _AFTER_YOURS, _FAILED.plural or "",
    ),
    "LX16.first": Wording(
        _FAILED_FIRST.message, Owner.CLIENT_MANAGER, _FAILING, _AFTER_YOURS, _FAILED_FIRST.plural or "",
    ),
    "LX16.late": Wording(
        N_("Your client has not run since {date}. Nothing new has reached us since then."),
        Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS,
    ),
    "LX16.never": Wording(
        N_("Your client has never run. Nothing has reached us from your school yet."),
        Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS,
    ),
    "LX03": Wording(
        N_("{name}'s admission date is {date}. The account will move to you on that day."),
        Owner.NOBODY, _CHECK_DATE, N_("On {date}."),
    ),
    "LX03.new": Wording(
        N_("{name}'s admission date is {date}. The account will be made on that day."),
        Owner.NOBODY, _CHECK_DATE, N_("On {date}."),
    ),
    "LX03.held": Wording(
        N_("{name}'s admission date is {date}. The account can move to you from that day, once it is released."),
        Owner.NOBODY, _CHECK_DATE, N_("On {date} or later, when the previous school has let the account go."),
    ),
    "LX24": Wording(
        N_("{name} is a guest here. The account belongs to the main school."),
        Owner.MAIN_SCHOOL, N_("Passwords and switching off are done by the main school."),
    ),
    "LX27.held": Wording(
        N_("{holder}'s last run is waiting for confirmation."), Owner.PREVIOUS_SCHOOL,
        N_("Ask the previous school to confirm its run. Authority of the previous school: {authority}."),
        N_("When the previous school has confirmed a run with the leaving date."),
    ),
    "LX27.refused": Wording(
        N_("{holder} sent this learner's record, but we could not use the record."), Owner.PREVIOUS_SCHOOL,
        N_(
            "Ask the previous school to put the record right in its MIS and run the client. "
            "Authority of the previous school: {authority}."
        ),
        _AFTER_THEIRS,
    ),
    "LX27": Wording(
        N_("{holder} no longer lists this learner but sent no leaving date."), Owner.PREVIOUS_SCHOOL, _ASK_SCHOOL,
        N_("From {free} your school can have the account, if surname and date of birth both agree."),
    ),
    "LX27.doubtful": Wording(
        N_("{holder} no longer lists this learner but sent no leaving date."), Owner.PREVIOUS_SCHOOL, _ASK_SCHOOL,
        _AFTER_THEIRS,
    ),
    "LX06": Wording(
        _SHARE.message, Owner.PREVIOUS_SCHOOL, _ASK_SCHOOL, _AFTER_THEIRS, _SHARE.plural or "",
    ),
    "LX05": Wording(
        N_("{holder}'s client has not run since {date}. Leaving dates entered after that have not reached us."),
        Owner.PREVIOUS_CLIENT_MANAGER, _ASK_RUN, _AFTER_THEIRS,
    ),
    "LX05.never": Wording(
        N_("{holder}'s client has never run. Nothing new has reached us from there."),
        Owner.PREVIOUS_CLIENT_MANAGER, _ASK_RUN, _AFTER_THEIRS,
    ),
    "LX04": Wording(
        N_("{holder} still has this learner on roll. Its client ran on {date} and sent no leaving date."),
        Owner.PREVIOUS_SCHOOL, _ASK_SCHOOL, _AFTER_THEIRS,
    ),
    "LX04.leaving": Wording(
        N_("{holder} still has this learner on roll. Its client ran on {date}; its leaving date has not passed yet."),
        Owner.NOBODY, N_("Nothing needs to be done: the account is let go on the day after the leaving date."),
        N_("When the leaving date of the previous school has passed."),
    ),
    "LX04.due": Wording(
        N_("{holder} has sent a leaving date that has passed. The account is about to be let go."), Owner.NOBODY,
        _NOTHING, N_("Today."),
    ),
    "LX09": Wording(
        N_("Your MIS has a learner with this name and a different UPN."), Owner.MIS_ADMINISTRATOR,
        N_("Compare the UPN with the transfer file from the previous school. If both look right, tell Hwb Support."),
        _AFTER_YOURS,
    ),
    "LX07": Wording(
        N_(
            "The account was released on {released}. Your client last ran on {date}. "
            "It will appear after your next run."
        ),
        Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS,
    ),
    "LX07.waiting": Wording(
        N_("The account is released. It will appear after your next run."),
        Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS,
    ),
    "LX08": Wording(
        N_("The account is waiting, but your run on {date} did not include this UPN."), Owner.MIS_ADMINISTRATOR,
        N_("Check that the learner is on roll in your MIS and that the UPN is exactly this: {upn}."), _AFTER_YOURS,
    ),
    "LX13": Wording(_SWITCHED_OFF, Owner.YOU, _REACTIVATE),
    "LX13.left": Wording(
        _SWITCHED_OFF, Owner.YOU, N_("The learner has also left: the account stays off until a school admits them.")
    ),
    "LX13.safety": Wording(_SWITCHED_OFF, Owner.SUPPORT, _SAFETY),
    "LX13.unknown": Wording(_NAME_OFF, Owner.SUPPORT, _SUPPORT),
    "LX26": Wording(N_("{name} left on {date}. Signing in works until {until}."), Owner.NOBODY, _NOTHING),
    "LX26.undated": Wording(N_("{name} is no longer on your roll. Signing in still works."), Owner.NOBODY, _NOTHING),
    "LX15": Wording(
        N_("{name} was not in your last run and has no leaving date. The account still works."),
        Owner.MIS_ADMINISTRATOR, _MIS_THEN_RUN, _AFTER_YOURS,
    ),
    "LX22": Wording(N_("{name} left on {date} and has an account at another school."), Owner.NOBODY, _STAYS),
    "LX22.undated": Wording(
        N_("{name} is no longer on your roll and has an account at another school."), Owner.NOBODY, _STAYS
    ),
    "LX14": Wording(
        N_("{name} left on {date} and no other school in Wales has admitted them."), Owner.NOBODY, _NOT_NEEDED
    ),
    "LX14.undated": Wording(
        N_("{name} is no longer on your roll and no other school in Wales has admitted them."),
        Owner.NOBODY, _NOT_NEEDED,
    ),
    "LX14.after": Wording(
        N_("{name} is no longer on your roll. No school in Wales has the account now."), Owner.NOBODY, _NOT_NEEDED
    ),
    "LX20": Wording(
        N_("Your run on {date} still shows last year's year groups."), Owner.MIS_ADMINISTRATOR,
        N_("Finish the end-of-year procedures in your MIS, then run the client."), _AFTER_YOURS,
    ),
    "LX19": Wording(
        N_("The account moved on {date}. E-mail and files will follow by {until}."), Owner.NOBODY,
        N_("Nothing, as a rule. If they are not there by then, ask Hwb Support."), N_("By {until}."),
    ),
    "LX19.new": Wording(
        N_("The account was made on {date}. E-mail and files will follow by {until}."), Owner.NOBODY,
        N_("Nothing, as a rule. If they are not there by then, ask Hwb Support."), N_("By {until}."),
    ),
    "LX18.pictures_closed": Wording(
        N_("After a hundred wrong pictures in a row, devices on which {name} has never signed in wait for you."),
        Owner.YOU, _LET_TRY,
    ),
    "LX18.pictures": Wording(
        N_("Wrong pictures were touched too often: {name} must wait on that device until {time}."), Owner.YOU,
        _LET_TRY_OR_WAIT, N_("At {time}."),
    ),
    "LX18.child": Wording(
        N_(
            "No password is accepted until {time}, after too many wrong ones. Signing in with pictures is not affected."
        ),
        Owner.YOU, N_("Unlock it now on the learner's record, or reset the password. The lock also ends by itself."),
        N_("At {time}."),
    ),
    "LX18": Wording(
        N_("The account is locked until {time}, after too many wrong passwords."), Owner.YOU,
        N_("Unlock it now on the learner's record, or reset the password. The lock also ends by itself."),
        N_("At {time}."),
    ),
    "LX18.closed": Wording(
        N_(
            "After a hundred wrong passwords the account accepts a password only on devices on which the learner has "
            "signed in before."
        ),
        Owner.YOU, N_("Reset the password: somebody may be guessing it."),
    ),
    "LX17": Wording(
        _WRONG.message, Owner.YOU, N_("Reset the password, if the learner does not know it."), "", _WRONG.plural or "",
    ),
    "LX01.badge_over": Wording(
        N_("{name} already has an active account here. The badge ended on {date}."), Owner.YOU,
        N_("Print a new badge, on the learner's record. Signing in with the class works meanwhile."),
    ),
    "LX01.badge_alone_over": Wording(
        N_("{name} already has an active account here. The badge ended on {date}."), Owner.YOU,
        N_("Print a new badge, on the learner's record. This child signs in with the badge alone."),
    ),
    "LX01.no_way": Wording(
        N_("{name} already has an active account here. Class: {place}."), Owner.YOU, _NO_WAY,
    ),
    "LX01.no_way_classless": Wording(N_("{name} already has an active account here."), Owner.YOU, _NO_WAY),
    "LX01.child": Wording(
        N_("{name} already has an active account here. Class: {place}."), Owner.YOU, _CHILDS_RECORD,
    ),
    "LX01.child_classless": Wording(
        N_("{name} already has an active account here."), Owner.YOU, _CHILDS_RECORD,
    ),
    "LX01": Wording(
        N_("{name} already has an active account here. Class: {place}."), Owner.YOU,
        N_("Open the record; reset the password if it is needed."),
    ),
    "LX01.classless": Wording(
        N_("{name} already has an active account here."), Owner.YOU,
        N_("Open the record; reset the password if it is needed."),
    ),
    "LX01.waited": Wording(
        N_("{name} has an active account here, and another school waits for it."), Owner.YOU,
        N_("If the learner has left, enter the leaving date in your MIS and run the client."),
    ),
    "LX11": Wording(
        N_(
            "No school in Wales has sent this UPN. If the learner is new to Wales, your next run will create an "
            "account."
        ),
        Owner.MIS_ADMINISTRATOR, N_("Check the UPN, then run the client."), _AFTER_YOURS,
    ),
    "LX11.expected": Wording(
        N_("This UPN has no account yet. If the learner is on roll with you, your next run will create one."),
        Owner.MIS_ADMINISTRATOR, N_("Check the UPN, then run the client."), _AFTER_YOURS,
    ),
    # -- staff, in the order in which they are tried --------------------------------------------------------------
    "SX12": Wording(_SUSPENDED, Owner.SUPPORT, _SUPPORT),
    "SX03": Wording(
        N_("Staff code {code} belongs to two people in your MIS: {people}."),
        Owner.MIS_ADMINISTRATOR, _FIX, _AFTER_YOURS,
    ),
    "SX01": Wording(N_("{name} was received without a start date."), Owner.MIS_ADMINISTRATOR, _FIX, _AFTER_YOURS),
    "SX02": Wording(N_("{name} was received without a staff code."), Owner.MIS_ADMINISTRATOR, _FIX, _AFTER_YOURS),
    "SX13.refused": Wording(
        N_("We received {name} on {date} but could not use the record because: {reason}."),
        Owner.MIS_ADMINISTRATOR, _FIX, _AFTER_YOURS,
    ),
    "SX13.unknown": Wording(
        N_("We received {name} on {date} but could not use the record."),
        Owner.MIS_ADMINISTRATOR, _FIX_UNKNOWN, _AFTER_YOURS,
    ),
    "SX13": Wording(
        N_("The account is now {username}."), Owner.STAFF_MEMBER, N_("Sign in with this username: {username}.")
    ),
    "SX04": Wording(
        N_("{name} starts on {date}. The account will be made on that day."), Owner.NOBODY, _CHECK_DATE,
        N_("On {date}."),
    ),
    "SX09": Wording(
        N_("Your MIS has no leaving date for {name}."), Owner.MIS_ADMINISTRATOR,
        N_("Enter the leaving date in your MIS, then run the client; or put the member of staff back in the report."),
        _AFTER_YOURS,
    ),
    "SX08": Wording(
        N_("{name}'s leaving date is {date}. The account is switched off. The details stay in this list."),
        Owner.NOBODY, _STAYS,
    ),
    "SX08.undated": Wording(
        N_("{name} no longer works here. The account is switched off. The details stay in this list."),
        Owner.NOBODY, _STAYS,
    ),
    "SX08.elsewhere": Wording(
        N_("{name} no longer works here. The details stay in this list."), Owner.NOBODY, _STAYS
    ),
    "SX10": Wording(
        N_(
            "This is a new account. The account from the previous school can be kept if the headteacher there agrees."
        ),
        Owner.STAFF_MEMBER, N_("Ask for it on the page “Your account”."),
    ),
    "SX11.off": Wording(_SWITCHED_OFF, Owner.YOU, _REACTIVATE),
    "SX11.safety": Wording(_SWITCHED_OFF, Owner.SUPPORT, _SAFETY),
    "SX11.unknown": Wording(_NAME_OFF, Owner.SUPPORT, _SUPPORT),
    "SX11": Wording(
        N_("{name} has an active account."), Owner.YOU, N_("Open the record; reset the password if it is needed.")
    ),
    "SX07": Wording(
        N_("There is an account for {similar}, staff code {code}."), Owner.YOU,
        N_("Check name and staff code. If that is somebody else, compare with a colleague who has an account."),
    ),
    "SX06": Wording(N_("Your client last ran on {date}."), Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS),
    "SX06.never": Wording(N_("Your client has never run."), Owner.CLIENT_MANAGER, _RUN_CLIENT, _AFTER_YOURS),
    "SX06.failing": Wording(
        _FAILED_STAFF.message, Owner.CLIENT_MANAGER, _FAILING, _AFTER_YOURS, _FAILED_STAFF.plural or "",
    ),
    "SX06.held": Wording(
        N_("Your client's run of {date} is waiting for confirmation."), Owner.YOU, _CONFIRM, _ONCE_CONFIRMED
    ),
    "SX05": Wording(
        N_("Your run on {date} did not include a member of staff with this name or code."),
        Owner.MIS_ADMINISTRATOR, _COMPARE, _AFTER_YOURS,
    ),
}  # fmt: skip

#: What each code is for, as docs/explanations.md lists them.
SITUATIONS = {
    "LX21": N_("The record is protected"),
    "LX25": N_("Suspended by support (R31)"),
    "LX02": N_("In the school's latest run but refused"),
    "LX23": N_("Identity clash (R4), or a former UPN that does not fit (R9)"),
    "LX10": N_("Two schools claim the same UPN (R6)"),
    "LX12": N_("The school's latest run is held, and has this learner"),
    "LX16": N_("The school's runs fail or are late, and what it sent before says nothing of the learner"),
    "LX03": N_("In the school's run, admission date in the future"),
    "LX24": N_("Guest or subsidiary enrolment (R7)"),
    "LX27": N_("The previous school's newest run is held, refused this record, or no longer has the learner"),
    "LX06": N_("As LX05, in a final year group of which most have no leaving date"),
    "LX05": N_("The previous school's client has not run"),
    "LX04": N_("The previous school still has the learner on roll and ran recently"),
    "LX09": N_("The school has somebody of the same name and date of birth under another UPN"),
    "LX07": N_("Released; the school's client has not run since"),
    "LX08": N_("Released; the school's run since then did not have this UPN"),
    "LX13": N_("Switched off by a Digital Champion (R31)"),
    "LX26": N_("In grace (R39)"),
    "LX15": N_("Missing from the latest run without a leaving date (R32)"),
    "LX22": N_("Another school has claimed the account"),
    "LX14": N_("Left; no other school has claimed the account"),
    "LX20": N_("The latest run shows last year's year groups (R37)"),
    "LX19": N_("Arrived, and e-mail and files are still moving"),
    "LX18": N_("Locked after too many wrong passwords or pictures"),
    "LX17": N_("Active; the last passwords that were tried are wrong"),
    "LX01": N_("On the school's roll, active"),
    "LX11": N_("UPN never seen"),
    "SX12": N_("Suspended by support (R31)"),
    "SX03": N_("Staff code used twice (R20)"),
    "SX01": N_("Start date missing (R20)"),
    "SX02": N_("Staff code missing (R20)"),
    "SX13": N_("The account has another username now; or the record was refused for another field"),
    "SX04": N_("Start date in the future"),
    "SX09": N_("Still working here by the MIS, although they left"),
    "SX08": N_("Left, account inactive (R23)"),
    "SX10": N_("A new account, for its owner and support: one from a previous school can be kept (R25)"),
    "SX11": N_("In post: active, or switched off by a Digital Champion"),
    "SX07": N_("An account exists under another name or spelling"),
    "SX06": N_("The client has not run since the record was added"),
    "SX05": N_("Not in the last run"),
}

#: Why an attempt failed, in plain words, by the code that server or client gives it.
FAILURES = {
    "stale": N_("the data is older than the last accepted run"),
    "too_far_ahead": N_("the computer's clock is wrong"),
    "empty": N_("there are no people in the data"),
    "school_closed": N_("the register says that the school has closed"),
    "wrong_school": N_("the file is another school's"),
    "no_file": N_("the client could not read the MIS's file"),
    "mis_error": N_("the MIS's own command failed"),
    "command_too_slow": N_("the MIS's own command took too long"),
    "not_reached": N_("the server could not be reached"),
    "internal_error": N_("a fault of ours, which Hwb Support sees"),
}
FAILED_OTHERWISE = N_("the client's log says why")

QUESTIONS = {
    "left": N_("Has the previous school entered a leaving date on or before today?"),
    "their run": N_("Has the previous school's client run since then?"),
    "on roll": N_("Is the learner in your MIS with the same UPN and an admission date on or before today?"),
    "your run": N_("Has your client run successfully since then?"),
    "start": N_("Is there a start date, and has it been reached?"),
    "code": N_("Is there a staff code that nobody else in the school has?"),
    "year end": N_("Are the end-of-year procedures finished in the MIS?"),
    "year run": N_("Has there been a successful run since the academic year began?"),
    "year group": N_("Is the year group in that run the new one?"),
}

NOBODY_NAMED = N_("This learner")
SOMEBODY = N_("A Digital Champion")
NO_CONTACT = N_("whoever runs your school's client")
NO_AUTHORITY = N_("not in the register")
_MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


@lru_cache(maxsize=1024)
def day(moment: date) -> Both:
    """ "1 September 2018" and "1 Medi 2018"."""
    month = both(_MONTHS[moment.month - 1])
    return Both(f"{moment.day} {month.en} {moment.year}", f"{moment.day} {month.cy} {moment.year}")


def day_of(moment: datetime) -> Both:
    """The Europe/London date of a moment, in words."""
    return day(london_date(moment))


@lru_cache(maxsize=256)
def both(message: str) -> Both:
    """A marked sentence without gaps in both languages."""
    return Both(message, translate(message, language="cy", domain=DOMAIN))


def failure(code: str) -> Both:
    """Why an attempt failed, in plain words."""
    return both(FAILURES.get(code, FAILED_OTHERWISE))


def when(wording: Wording, schedule: str) -> Text | None:
    """When it will be right: of a school's own next run the time of day too, where its client says one."""
    if wording.when == _AFTER_YOURS and schedule:
        return Text(_EXPECTED, {"time": schedule})
    return Text(wording.when) if wording.when else None


def without_name(text: Text) -> Text:
    """The same sentence about "this learner", and by "a Digital Champion", for where no name may stand."""
    hidden = {"name": both(NOBODY_NAMED), "person": both(SOMEBODY)}
    return Text(text.message, {**text.values, **hidden}, text.plural)
