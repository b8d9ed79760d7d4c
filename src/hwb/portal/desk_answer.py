"""What a case's answer begins with: the explanation of the engine, in the language of whoever asked."""

from __future__ import annotations

from django.conf import settings as django_settings

from hwb import clock
from hwb.directory.queries import desk_people, explanations
from hwb.directory.queries import help_answers as rows
from hwb.directory.queries.desk import DeskCase
from hwb.extract.texts import Language
from hwb.lifecycle import explain, help_answers
from hwb.lifecycle.explain import Explanation
from hwb.operations import settings


def language_of(case: DeskCase, language: Language) -> Language:
    """The language of whoever asked; where it is not known, that of the page."""
    return "cy" if case.language == "cy" else "en" if case.language == "en" else language


def suggested(case: DeskCase, language: Language) -> str:
    """The desk's own words for the code (E9), else headline and next step; empty where there is nobody to explain."""
    found = explained(case)
    if found is None:
        return ""
    values = {"telephone": django_settings.HWB_HELP_TELEPHONE, "email": django_settings.HWB_HELP_EMAIL}
    own = help_answers.filled(rows.one(found.code).said(language), values)
    return own or _said(found, language)


def explained(case: DeskCase) -> Explanation | None:
    """What the engine says of the person a case is about, as the case's school sees them."""
    if not case.school:
        return None
    on, limits = clock.today(), settings.explanation_limits(school=case.school)
    person = desk_people.person(case.account) if case.account is not None else None
    if person is None and not case.upn:
        return None
    if person is None or person.kind == "learner":
        facts = explanations.learner(upn=case.upn or (person.upn if person else ""), school=case.school, on=on,
                                     limits=limits)  # fmt: skip
        return explain.learner(facts, on=on, limits=limits)
    if person.kind != "staff":
        return None
    of_staff = explanations.staff(school=case.school, account=person.account, on=on, limits=limits)
    return explain.staff(of_staff, on=on, limits=limits)


def _said(found: Explanation, language: Language) -> str:
    said = [explain.say(found.headline, language), explain.say(found.next_step, language)]
    if found.when is not None:
        said.append(explain.say(found.when, language))
    return " ".join(part for part in said if part)
