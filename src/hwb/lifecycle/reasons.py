"""The sentences behind reason codes, in English and Welsh (catalogue ``lifecycle``)."""

from __future__ import annotations

from collections.abc import Mapping

from hwb.extract.texts import N_, Text, render

DOMAIN = "lifecycle"

#: Reason code → sentence. Gaps take the values that a change or an account carries.
SENTENCES = {
    "created": N_("Account created: on roll since {date}. School: {school}."),
    "claimed": N_("Account claimed on {date}. School: {school}."),
    "claimed_on_release": N_(
        "Account claimed on {date}, as soon as the previous school released it. School: {school}."
    ),
    "claimed_missing": N_("Account claimed on {date}: missing from the previous school. School: {school}."),
    "given_back": N_("The claim was undone; the account went back. School: {school}."),
    "left": N_("Left on {date}. School: {school}."),
    "departure_confirmed": N_("The school confirmed that the person left. School: {school}."),
    "still_here": N_("The school took back that the person left. School: {school}."),
    "followed": N_("The previous school closed; this one follows it. School: {school}."),
    "school_closed": N_("The school closed. School: {school}."),
    "undone": N_("The run that brought this person was undone. School: {school}."),
    "grace": N_("Signing in works until {date}."),
    "grace_over": N_("Signing in worked until {date}."),
    "deactivated": N_("Switched off by the school. School: {school}."),
    "deactivated_safety": N_("Switched off by the school for safety. School: {school}."),
    "suspended": N_("Suspended by Hwb Support."),
    "suspension_ended": N_("Hwb Support ended the suspension."),
    "reactivated": N_("Switched on again. School: {school}."),
    "created_staff": N_("Account created: start date {date}. School: {school}."),
    "staff_left": N_("Leaving date {date}. School: {school}."),
    "staff_returned": N_("Back at the school. School: {school}."),
    "post_again": N_("Back at the school."),
    "consolidated": N_("Joined into this person's earlier account, whose username counts now."),
    "kept": N_("The earlier account was kept and joined with the new one. School: {school}."),
    "consolidation_undone": N_("The joining with the earlier account was undone."),
    "names_back": N_("The joining was undone; name and birth date as before."),
    "official": N_("Account made for a role outside every school's roll."),
    "source_on": N_("Switched on again by the service that keeps this account."),
    "source_off": N_("Switched off by the service that keeps this account."),
    "source_ended": N_("The service that kept this account has deleted it."),
    "source_details": N_("The service that keeps this account changed the name."),
    "details": N_("Name or birth date changed in the MIS."),
    "place": N_("Year group, class or post changed in the MIS."),
    "rekeyed": N_("The UPN changed in the MIS; the earlier one still leads to the account."),
    "rekeyed_back": N_("The change of UPN was undone."),
    "guest": N_("Guest or subsidiary enrolment began."),
    "guest_end": N_("Guest or subsidiary enrolment ended."),
    "wait_release": N_("On roll here while another school still holds the account."),
    "wait_conflict": N_("Two schools have this UPN on roll; the other school has the account."),
    "wait_identity": N_("This UPN belongs to somebody with another name and date of birth."),
    "wait_rekey": N_("The account of the former UPN cannot be taken over yet."),
    "wait_end": N_("The wait is over."),
    "missing": N_("Not in the newest snapshot, and no leaving date."),
    "missing_end": N_("No longer missing."),
    "possible_duplicate": N_("Former and new UPN both own accounts: possibly one person."),
    "deactivation_ended": N_("Another school claimed the account; the switching off by the earlier school ended."),
    "confirmation_ended": N_("On roll again; the confirmed departure no longer stands."),
    "decision_reopened": N_("The run that ended this decision was undone."),
    "class_absent": N_("The whole of {groups} is absent."),
    "year_absent": N_("The whole of year group {groups} is absent."),
}

_HOLDS = {
    "missing": N_("{measured} of {base} people are absent and have no leaving date."),
    "losing_access": N_("{measured} of {base} people would lose access."),
    "renamed": N_("{measured} of {base} people would get another surname or birth date."),
    "moved_back": N_("{measured} of {base} learners would fall back or skip a year group."),
    "added": N_("{measured} people would be added to {base}, outside an intake."),
    "overlap": N_("{measured} of {base} learners are not in the snapshot at all."),
    "duplicates": N_("{measured} of {base} records give a UPN or staff code twice."),
    "withdrawn": N_("This content was undone or withdrawn before."),
}
_CONFIRM = N_("Confirm with hwb run confirm, or withdraw with hwb run withdraw.")


def sentence(code: str, values: Mapping[str, str], *, language: str) -> str:
    """The sentence of a reason code in ``language`` ("en" or "cy"). Raises KeyError for an unknown code."""
    return render(
        Text(SENTENCES[code], {"date": "", "school": "", "groups": "", **values}), language=language, domain=DOMAIN
    )


def measured_sentence(check: str, *, measured: int, base: int, language: str) -> str:
    """What a hold measured, without its cause: numbers alone, fit for a message."""
    return render(Text(_HOLDS[check], {"measured": measured, "base": base}), language=language, domain=DOMAIN)


def hold_sentence(check: str, *, measured: int, base: int, cause: str, values: Mapping[str, str], language: str) -> str:
    """What a hold says: the numbers, the likely cause when one can be seen, and how to go on (R36)."""
    parts = [*hold_texts(check, measured=measured, base=base, cause=cause, values=values), Text(_CONFIRM)]
    return " ".join(render(part, language=language, domain=DOMAIN) for part in parts)


def hold_texts(check: str, *, measured: int, base: int, cause: str, values: Mapping[str, str]) -> tuple[Text, ...]:
    """The numbers of a hold, and its likely cause when one can be seen."""
    found = [Text(_HOLDS[check], {"measured": measured, "base": base})]
    if cause:
        found.append(Text(SENTENCES[cause], {"date": "", "school": "", "groups": "", **values}))
    return tuple(found)
