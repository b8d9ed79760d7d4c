"""`@page(Action.…)` makes a view a page: it states its methods and its action, and nobody else gets in.

    @page(Action.SEE_RUNS)                                    # GET, at an address with or without a school
    @page(Action.SEE_RUNS, post=Action.CONFIRM_RUN)           # GET shows, POST does, each with its own right
    @page(Action.SEE_AREA, counts=True)                       # also for roles that see numbers only

The view gets a `PageRequest`: `request.person`, `request.access`, `request.language`. What it may not show is
answered by `raise Http404`: unknown and forbidden look the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.views.decorators.cache import never_cache

from hwb import clock
from hwb.directory.queries import desk, roles
from hwb.extract.texts import Language
from hwb.operations.desk import storing
from hwb.web import again, policy
from hwb.web.language import is_switch
from hwb.web.policy import Access, Action, Person
from hwb.web.session import MUST_CHANGE, SECOND_STEP
from hwb.web.words import language_now

P = ParamSpec("P")
_LOG = logging.getLogger(__name__)
#: Set on a view made by `page`; the route tests read it.
STATED: Final = "hwb_page"


class PageRequest(HttpRequest):
    """A request to a page, its policy already decided.

    On a page for anybody (Action.OPEN) `access` is None, and `person` may be.
    """

    person: Person
    access: Access
    language: Language


def is_signed_in(request: HttpRequest) -> bool:
    """On a page for anybody: whether `request.person` is somebody."""
    return getattr(request, "person", None) is not None


class Stated:
    """What a page states of itself: its action for each method it knows, and what it can do without names.

    first: the page of one's own password, which comes first when that password was made by somebody else.
    sets_up: the pages where a second step is set up, which come before all others for a role that needs one.
    """

    def __init__(
        self, actions: dict[str, Action], *, counts: bool, codes: bool, first: bool = False, sets_up: bool = False
    ) -> None:
        self.actions = actions
        self.counts = counts
        self.codes = codes
        self.first = first
        self.sets_up = sets_up


def page(
    action: Action, *, post: Action | None = None, methods: str = "GET", counts: bool = False, codes: bool = False,
    first: bool = False, sets_up: bool = False,
) -> Callable[[Callable[Concatenate[PageRequest, P], HttpResponse]], Callable[..., HttpResponse]]:  # fmt: skip
    """Marks a view. methods: "GET", "POST" or "GET POST"; `post` is the action of POST when it is another one.

    Checks in this order: method; signed in; role and its reach at the `<dfes>` of the address; that the `<account>`
    or `<run>` of the address belongs to that school, and an account to a teacher's own classes; a fresh password.
    Whoever has a role that needs a second step and has not given one is led to setting it up (`sets_up`), and whoever
    must change their password to that page (`first`), from every other one.
    """
    actions = dict.fromkeys(methods.split(), action)
    if post is not None:
        actions["POST"] = post
    stated = Stated(actions, counts=counts, codes=codes, first=first, sets_up=sets_up)

    return lambda view: guard(stated, view)


def guard(stated: Stated, view: Callable[Concatenate[PageRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """The view behind its checks."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **parts: P.kwargs) -> HttpResponse:
        asked = cast("PageRequest", request)
        asked.language = language_now()
        wanted = stated.actions.get("GET" if request.method == "HEAD" else request.method or "")
        if wanted is None:
            return HttpResponseNotAllowed(sorted(stated.actions))
        if wanted is Action.OPEN:
            return view(asked, *args, **parts)
        if not is_signed_in(request):
            return again.signed_out(request)
        if (led := led_first(asked, stated)) is not None:
            return led
        if policy.needs_second_step(asked.person) and not request.session.get(SECOND_STEP):
            request.leads_nowhere = True  # type: ignore[attr-defined] # the frame shows no links to other pages
        asked.access = _decided(asked, wanted, stated, dict(parts))
        if wanted in policy.FRESH and not is_switch(request) and (answer := again.asked_for(request)):
            return answer
        return view(asked, *args, **parts)

    setattr(guarded, STATED, stated)
    return guarded


def led_first(request: HttpRequest, stated: Stated | None = None) -> HttpResponse | None:
    """Where somebody signed in must go before this page: a second step, then a password of their own; else None.

    From there the way goes on to this page.
    """
    person: Person = request.person  # type: ignore[attr-defined]
    if stated is not None and stated.sets_up:
        return None
    following = request.get_full_path() if request.method == "GET" else ""
    if policy.needs_second_step(person) and not request.session.get(SECOND_STEP):
        return HttpResponseRedirect(again.on_the_way("own-second-step", following))
    if request.session.get(MUST_CHANGE) and not (stated is not None and stated.first):
        return HttpResponseRedirect(again.on_the_way("own-password", following))
    return None


def _decided(request: PageRequest, action: Action, stated: Stated, parts: dict[str, object]) -> Access:
    school = str(parts.get("dfes", ""))
    case = parts.get("case")
    in_case = isinstance(case, int) and desk.is_owner(case, request.person.account)
    access = policy.decide(
        request.person, action, school=school, counts=stated.counts, codes=stated.codes, in_case=in_case
    )
    if access is None or not _belongs(access, parts):
        _LOG.warning(
            "refused: %s to %s at %s by account %s", action, request.method,
            request.resolver_match.view_name if request.resolver_match else "", request.person.account,
        )  # fmt: skip
        if isinstance(case, int) and policy.decide(request.person, action, in_case=True) is not None:
            storing.note_refused(
                number=case, code="not_taken", actor=f"account {request.person.account}", now=clock.now()
            )
        raise Http404
    return access


def _belongs(access: Access, parts: dict[str, object]) -> bool:
    """Whether the person or run in the address is the school's own: an id of another school is unknown here."""
    account, run = parts.get("account"), parts.get("run")
    if isinstance(account, UUID) and not roles.belongs(account, school=access.school, classes=access.classes):
        return False
    return not isinstance(run, UUID) or roles.is_run_of(run, school=access.school)
