"""B9: one learner: can they sign in, and if not, why; and what happened to the account."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString

from hwb import clock
from hwb.directory.queries import children, explanations, passwords, people
from hwb.directory.queries.children import Child
from hwb.directory.queries.passwords import PasswordRow
from hwb.directory.queries.people import LearnerRecord, Stay
from hwb.lifecycle import explain
from hwb.lifecycle.explain_facts import LearnerFacts
from hwb.lifecycle.passwords import PasswordState
from hwb.operations import badges, settings
from hwb.operations import passwords as making
from hwb.portal import asks, earlier_work
from hwb.portal.answers import answer_of
from hwb.portal.learners import address_of, class_address
from hwb.portal.naming import full_name, year_name
from hwb.portal.records import Deed, account_rows, happened, on_record, schools_named
from hwb.web import pictures
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.pictures import Spell
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, day, moment, say, time_of_day

#: A shown password is on the screen so long; then the page leads back to the record.
SHOWN_SECONDS = 30


@page(Action.SEE_LEARNERS)
def learner(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The record. Of somebody who moved on, it is what this school knew."""
    record = people.learner(account=account, school=dfes, language=request.language)
    if record is None:
        raise Http404
    row, today = record.row, clock.today()
    known = passwords.of_accounts([account]).get(account)
    child = children.of_accounts([account], school=dfes, on=today).get(account)
    child = child if child is not None and badges.may_use(child) else None
    limits = settings.explanation_limits(school=dfes)
    facts = explanations.learner(upn=row.upn, school=dfes, on=today, limits=limits) if row.upn else None
    found = explain.learner(facts, on=today, limits=limits) if facts else None
    answer = (
        answer_of(found, school=facts.school, person=request.person, language=request.language)
        if found and facts
        else None
    )
    came = _came_from_elsewhere(record, dfes)
    names = schools_named(record.stays, dfes, protected=facts is not None and facts.protected)
    caption = " · ".join(filter(None, (say(year_name(row.year_group)), row.registration_group)))
    return show(
        request, "portal/learner.html", title=full_name(row), section="learners", back=reverse("learners", args=[dfes]),
        row=row, answer=on_record(answer, active=row.active) if answer else None, caption=caption,
        account_rows=[
            *account_rows(
                row, record.email, known, dfes, mail=facts.mail if facts else None,
                pictures=None if child is None else child.pictures or (child.alone and child.badge is not None),
                why=explain.say(row.short, request.language) if row.short else "",
            ),
            *_childs_rows(child),
        ],
        came_from_elsewhere=came, earlier_work=earlier_work.section(request, dfes, account) if came else None,
        asks=_asks(request, dfes, account, facts, found) if facts and found else None,
        school_rows=school_rows(record, facts, request, dfes), schools=picture(record, names, today, request),
        deeds=_deeds(request, record, known, child, dfes), **happened(request, row, dfes, names, account=row.account),
    )  # fmt: skip


@page(Action.FIND_LEARNER, methods="POST")
def asks_of_learner(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """A message about what the record says: somebody who must act is told."""
    record = people.learner(account=account, school=dfes, language=request.language)
    if record is None or not record.row.upn:
        raise Http404
    today, limits = clock.today(), settings.explanation_limits(school=dfes)
    facts = explanations.learner(upn=record.row.upn, school=dfes, on=today, limits=limits)
    offered = _asks(request, dfes, account, facts, explain.learner(facts, on=today, limits=limits))
    asks.do(request, dfes, offered, asks.looked_at("learner", {"what": "one", "upns": [record.row.upn]}))
    return HttpResponseRedirect(reverse("learner", kwargs={"dfes": dfes, "account": account}))


def _asks(request: PageRequest, dfes: str, account: UUID, facts: LearnerFacts, found: explain.Explanation) -> asks.Asks:
    return asks.of_learners(request, reverse("learner-asks", args=[dfes, account]), [(found, facts)])


@page(Action.SHOW_PASSWORD, methods="GET POST")
def show_password(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """The password, for half a minute; looking is recorded, so it takes a POST."""
    record = people.learner(account=account, school=dfes, language=request.language)
    if record is None:
        raise Http404
    back = reverse("learner", kwargs={"dfes": dfes, "account": account})
    if request.method != "POST":
        return HttpResponseRedirect(back)
    title = Text(N_("Password: {name}"), {"name": full_name(record.row)})
    try:
        seen = making.show(
            account=account, school=dfes, acting_user=f"account {request.person.account}", now=clock.now()
        )
    except making.PasswordRefused as refusal:
        return show(
            request, "portal/password_shown.html", title=title, section="learners", back=back, refusal=refusal.text,
            status=409,
        )  # fmt: skip
    response = show(
        request, "portal/password_shown.html", title=title, section="learners", back=back, seen=seen,
        seconds=SHOWN_SECONDS,
    )  # fmt: skip
    response["Refresh"] = f"{SHOWN_SECONDS}; url={back}"
    return response


def school_rows(
    record: LearnerRecord, facts: LearnerFacts | None, request: PageRequest, dfes: str
) -> list[dict[str, Any]]:
    row, none = record.row, say(N_("Not given"))
    own = request.access.classes  # a teacher sees the pages of these, and no others
    sees = may(request.person, Action.SEE_LEARNERS, school=dfes)
    sees_class = sees and row.registration_group and row.here and (own is None or row.registration_group in own)
    rows: list[dict[str, Any]] = [
        {"label": N_("UPN"), "value": row.upn or none, "own": True},
        {"label": N_("Legal name"), "value": f"{record.legal_forename} {record.legal_surname}".strip(), "own": True},
        {"label": N_("Year group"), "value": say(year_name(row.year_group))},
        {"label": N_("Class"), "value": row.registration_group or none, "own": True,
         "address": class_address(dfes, row.registration_group) if sees_class else ""},
    ]  # fmt: skip
    teaching = [name for name in row.classes if name != row.registration_group]
    if teaching:
        rows.append({"label": N_("Teaching classes"), "value": ", ".join(teaching), "own": True})
    rows += [
        {"label": N_("Admission date"), "value": day(record.start_date) if record.start_date else none},
        {"label": N_("Leaving date"), "value": day(record.leaving_date) if record.leaving_date else none},
    ]
    if record.missing_since:
        rows.append({"label": N_("Missing since"), "value": day(record.missing_since)})
    run = facts.school.last_run if facts else None
    if run is not None:
        seen = may(request.person, Action.SEE_RUNS, school=dfes)
        rows.append(
            {"label": N_("Last Run"), "value": moment(run.at),
             "address": address_of("run-detail", dfes, run=run.id) if seen else ""}
        )  # fmt: skip
    return rows


def picture(
    record: LearnerRecord, names: dict[str, tuple[str, str]], today: date, request: PageRequest
) -> SafeString | str:
    """P12: the times at schools, and the gaps between them in which nobody had the account."""
    stays = [stay for stay in record.stays if stay.role == "holding"] or list(record.stays)
    spells: list[Spell] = []
    for stay in stays:
        before = spells[-1] if spells else None
        if before is not None and before.until is not None and before.until < stay.began:
            spells.append(Spell("", before.until, stay.began, False))
        spells.append(_spell(stay, names, record, request))
    last = spells[-1] if spells else None
    if last is not None and last.until is not None and last.until < today and not record.row.moved_on:
        spells.append(Spell("", last.until, None, record.row.active))
    return pictures.spells(spells, today=today, language=request.language, dates=day) if spells else ""


def _came_from_elsewhere(record: LearnerRecord, dfes: str) -> bool:
    """Whether work may lie at another school (R41): of a learner of this school who held a place elsewhere before."""
    row = record.row
    return row.here and not row.guest and any(s.school != dfes and s.role == "holding" for s in record.stays)


def _spell(stay: Stay, names: dict[str, tuple[str, str]], record: LearnerRecord, request: PageRequest) -> Spell:
    name, language = names[stay.school]
    active = record.row.active if stay.ended is None else True
    return Spell(name, stay.began, stay.ended, active, language if language != request.language else "")


def _childs_rows(child: Child | None) -> list[dict[str, Any]]:
    """Badge, pictures and waits of a child who signs in with them."""
    if child is None:
        return []
    last = child.badge_last_day
    badge = Text(N_("Valid until {date}"), {"date": day(last)}) if last else N_("None yet")
    rows = [
        {"label": N_("Badge"), "value": say(badge)},
        {"label": N_("Three pictures"), "value": say(N_("Chosen")) if child.pictures else say(N_("None yet"))},
    ]
    if child.alone:
        rows.append({"label": N_("Signing in with the badge alone"), "value": say(N_("Allowed"))})
    if child.is_shut(datetime.now(UTC)):
        until = None if child.ended else child.until
        wait = Text(N_("Until {time}"), {"time": time_of_day(until)}) if until else N_("Until the teacher ends it")
        rows.append({"label": N_("Pictures wrong too often"), "value": say(wait)})
    return rows


def _childs_deeds(request: PageRequest, child: Child, dfes: str) -> list[Deed]:
    person, where = request.person, {"account": child.account}
    found = []
    if may(person, Action.RESET_PASSWORD, school=dfes):
        found.append(Deed(say(N_("Set three pictures")), address_of("set-pictures", dfes, **where)))
        if child.is_shut(datetime.now(UTC)):
            text = N_("Let the child try the pictures again")
            found.append(Deed(say(text), address_of("unlock-pictures", dfes, **where), post=True))
    if may(person, Action.SHOW_PASSWORD, school=dfes):
        if child.own_pictures:
            found.append(Deed(say(N_("Show the pictures")), address_of("show-pictures", dfes, **where), post=True))
        address = f"{address_of('class-badges', dfes)}?learner={child.account}"
        found.append(Deed(say(N_("Print the badge")), address))
    if child.badge and may(person, Action.RESET_PASSWORD, school=dfes):
        found.append(Deed(say(N_("Replace the badge")), address_of("replace-badge", dfes, **where)))
    if may(person, Action.CHANGE_SETTINGS, school=dfes):
        found.append(Deed(say(N_("Badge without pictures")), address_of("badge-alone", dfes, **where)))
    return found


def _deeds(
    request: PageRequest, record: LearnerRecord, known: PasswordRow | None, child: Child | None, dfes: str
) -> list[Deed]:
    """What the reader may do about this learner, as far as its page is there."""
    row, person = record.row, request.person
    if not row.here or row.guest or known is None:
        return []
    found = []
    where = {"account": row.account}
    if may(person, Action.RESET_PASSWORD, school=dfes):
        if known.trouble.can_be_unlocked:
            found.append(Deed(say(N_("Unlock signing in")), address_of("unlock-learner", dfes, **where), post=True))
        found.append(Deed(say(N_("Reset the password")), address_of("reset-password", dfes, **where)))
    if may(person, Action.SHOW_PASSWORD, school=dfes) and known.state(school=dfes) is PasswordState.VISIBLE:
        found.append(Deed(say(N_("Show the password")), address_of("show-password", dfes, **where), post=True))
        slip = address_of("class-print", dfes)
        found.append(Deed(say(N_("Print a slip")), slip and f"{slip}?learner={row.account}"))
    if child is not None:
        found += _childs_deeds(request, child, dfes)
    if may(person, Action.SWITCH_ACCESS, school=dfes):
        text = N_("Switch off this account") if row.active else N_("Switch on this account")
        found.append(Deed(say(text), address_of("account-access", dfes, **where)))
    if may(person, Action.ISSUE_USERNAME, school=dfes):
        found.append(Deed(say(N_("Issue a new username")), address_of("issue-username", dfes, **where)))
    if may(person, Action.SEE_REQUESTS, school=dfes):
        found.append(Deed(say(N_("Ask Hwb Support")), address_of("requests-new", dfes)))
    return [deed for deed in found if deed.address]


urlpatterns = [
    path("school/<str:dfes>/learners/<uuid:account>/", learner, name="learner"),
    path("school/<str:dfes>/learners/<uuid:account>/asks/", asks_of_learner, name="learner-asks"),
    path("school/<str:dfes>/people/<uuid:account>/password/show/", show_password, name="show-password"),
]
