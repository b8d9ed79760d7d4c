"""`hwb explain`: why an account is, or is not, at a school; whose turn it is and what they do (ux.md 5)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, cast

import typer

from hwb import clock
from hwb.cli import output
from hwb.cli.output import JSON, print_json, refuse
from hwb.directory.queries import explanations, schools
from hwb.extract.texts import N_, Language, Text, render
from hwb.identifiers import clean_upn, upn_fault
from hwb.lifecycle import explain
from hwb.operations import lookups, settings

_LANGUAGES = ("en", "cy")


def register(app: typer.Typer) -> None:
    app.command("explain")(explain_person)


def explain_person(
    upn: str = typer.Option("", "--upn", help="A learner's UPN, a former one too."),
    username: str = typer.Option("", "--username", help="A username, a former one too."),
    school: str = typer.Option(
        "", "--school", help="As this school sees it; without it the one that waits, else the one that has the account."
    ),
    lang: str = typer.Option("", "--lang", help="en or cy; without it the terminal's language."),
    as_json: bool = JSON,
) -> None:
    """Explain one person's account as a school sees it."""
    language = _language(lang)
    if bool(upn) == bool(username):
        refuse(Text(N_("Give one of the two: --upn or --username.")), code=2)
    if school and not schools.names([school]):
        refuse(Text(N_("Not in the register of schools: {schools}"), {"schools": school}))
    on, limits = clock.today(), settings.explanation_limits(school=school)
    if username:
        found, school = _by_username(username, school, on, limits)
    else:
        found, school = _by_upn(upn, school, on, limits)
    if as_json:
        print_json({"school": school, **_as_json(found, language)})
    else:
        _print(found, school, language)


def _language(lang: str) -> Language:
    if lang and lang not in _LANGUAGES:
        refuse(Text(N_("A language is en or cy.")), code=2)
    return cast("Literal['en', 'cy']", lang) if lang else output.language()


def _by_upn(upn: str, school: str, on: date, limits: explain.Limits) -> tuple[explain.Explanation, str]:
    clean = clean_upn(upn)
    if upn_fault(clean) is not None:
        refuse(Text(N_("This is not a UPN.")))
    school = school or explanations.school_for(upn=clean) or ""
    if not school:
        refuse(Text(N_("No school has this UPN. Name the school that asks: --school")))
    facts = explanations.learner(upn=clean, school=school, on=on, limits=limits)
    lookups.record(facts=[facts], school=school, acting_user=output.acting_user(), now=clock.now(), limited=False)
    return explain.learner(facts, on=on, limits=limits), school


def _by_username(username: str, school: str, on: date, limits: explain.Limits) -> tuple[explain.Explanation, str]:
    person = explanations.person_of(username=username)
    if person is None:
        refuse(Text(N_("Nobody has this username: {username}"), {"username": username}))
    if person["upn"]:
        return _by_upn(person["upn"], school, on, limits)
    school = school or person["school"] or ""
    if not school:
        refuse(Text(N_("This account belongs to no school.")))
    facts = explanations.staff(school=school, username=username, on=on, limits=limits)
    return explain.staff(facts, on=on, limits=limits), school


def _as_json(found: explain.Explanation, language: Language) -> dict[str, Any]:
    return {
        "code": found.code,
        "headline": explain.say(found.headline, language),
        "owner": explain.owner_name(found.owner, language),
        "next_step": explain.say(found.next_step, language),
        "when": explain.say(found.when, language) if found.when else None,
        "chain": [
            {
                "question": explain.say(link.question, language),
                "state": str(link.state),
                "date": link.day and link.day.isoformat(),
            }
            for link in found.chain
        ],
        "evidence": list(found.evidence),
        "language": language,
    }


def _print(found: explain.Explanation, school: str, language: Language) -> None:
    def said(text: Text) -> str:
        return render(text, language=language, domain="server")

    print(f"{found.code}  {explain.say(found.headline, language)}")
    print(said(Text(N_("School: {school}"), {"school": school})))
    for number, link in enumerate(found.chain, start=1):
        when = f", {explain.day(link.day).said(language)}" if link.day else ""
        print(f"  {number}. {explain.say(link.question, language)} {explain.state_name(link.state, language)}{when}")
    print(said(Text(N_("Whose turn it is: {owner}"), {"owner": explain.owner_name(found.owner, language)})))
    print(said(Text(N_("Next step: {step}"), {"step": explain.say(found.next_step, language)})))
    if found.when:
        print(said(Text(N_("When it will be right: {when}"), {"when": explain.say(found.when, language)})))
