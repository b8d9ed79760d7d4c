"""Why learners are, or are not, at a school, for the school's own client (ux.md 5)."""

from __future__ import annotations

from django.http import HttpResponseBase

from hwb import clock
from hwb.api import shapes
from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.errors import ApiError, not_authorised, not_found
from hwb.api.provisioning import answer, read_shape
from hwb.api.texts import language_of
from hwb.directory.queries import explanations, schools
from hwb.extract.texts import N_, Language, Text
from hwb.identifiers import clean_upn, upn_fault
from hwb.lifecycle import explain
from hwb.operations import lookups, settings


@allow(Caller.CLIENT)
def explain_learners(request: HwbRequest, *, dfes: str) -> HttpResponseBase:
    """POST /schools/{dfes}/explanations: one answer for each UPN in the body, in its order, without names."""
    if dfes not in request.client.schools:
        raise not_authorised()
    asked = [clean_upn(upn) for upn in read_shape(request, shapes.ExplanationsRequest).upns]
    wrong = [str(number) for number, upn in enumerate(asked) if upn_fault(upn) is not None]
    if wrong:
        text = Text(N_("Not UPNs, by their place in the list: {places}"), {"places": ", ".join(wrong[:20])})
        raise ApiError(400, "not_a_upn", text)
    if not schools.names([dfes]):
        raise not_found()
    on, limits, language = clock.today(), settings.explanation_limits(school=dfes), language_of(request)
    facts = explanations.learners(upns=asked, school=dfes, on=on, limits=limits)
    try:
        lookups.record(
            facts=facts.values(),
            school=dfes,
            acting_user=f"client:{request.client.id}",
            now=clock.now(),
            limited=True,
        )
    except lookups.TooManyLookUps:
        text = Text(N_("More than 30 learners of other schools were looked up in an hour. Wait, or ask Hwb Support."))
        raise ApiError(429, "too_many_look_ups", text) from None
    found = [explain.learner(facts[upn], on=on, limits=limits) for upn in asked]
    shown = [_shown(number, one, language) for number, one in enumerate(found)]
    return answer(shapes.Explanations(school=dfes, explanations=shown))


def _shown(number: int, found: explain.Explanation, language: Language) -> shapes.Explanation:
    return shapes.Explanation(
        number=number,
        code=found.code,
        headline=explain.say(explain.without_name(found.headline), language),
        owner=explain.owner_name(found.owner, language),
        next_step=explain.say(explain.without_name(found.next_step), language),
        when=explain.say(found.when, language) if found.when else None,
        chain=[
            shapes.ExplanationLink(question=explain.say(link.question, language), state=link.state.value, date=link.day)
            for link in found.chain
        ],
    )
