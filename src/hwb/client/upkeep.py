"""Between runs: what stands where, and the check-in every quarter of an hour."""

from __future__ import annotations

from typing import Any

from hwb.client import arrangement, attempts, keys, log, show, spool
from hwb.client.arrangement import Asked
from hwb.client.call import Call, Done
from hwb.client.faults import NotEnrolled, NotReached, Refused, Stopped
from hwb.client.limits import Limits
from hwb.client.lock import Busy
from hwb.client.running import Errand, run
from hwb.client.session import Session
from hwb.extract.texts import N_
from hwb.identifiers import parse_dfes_number


def status(call: Call, *, school: str | None, tries: int | None) -> Done:
    """Of one school its object, of all an object with ``schools``. Offline what is known here, and exit 7.

    Raises NotEnrolled, Refused.
    """
    settings = call.home.settings()
    if not call.home.is_enrolled():
        raise NotEnrolled
    own: dict[str, Any] = {name: settings.get(name) for name in ("client", "server", "expires")}
    own |= {"version": keys.version(), "spooled": spool.count(call.home)}
    session = Session(call.home, call.voice.language, Limits.of_environment(tries=tries))
    try:
        if school is not None:
            number = parse_dfes_number(school) or school
            found = [session.get(f"/schools/{number}")]
        else:
            found = list(session.get("/schools")["schools"])
    except NotReached as away:
        text = call.voice.render(away.text)
        return Done(7, {**own, "code": away.code, "message": text}, lambda: _show(call, own, []), text)
    finally:
        session.close()
    for item in found:
        item["spooled"] = spool.count(call.home, item["school"])
    content = {**found[0]} if school is not None else {**own, "schools": found}
    return Done(0, content, lambda: _show(call, own, found))


def _show(call: Call, own: dict[str, Any], schools: list[dict[str, Any]]) -> None:
    for item in schools:
        show.school(call.voice, item, spooled=item["spooled"])
    voice = call.voice
    voice.line(voice.say(N_("Server {server}, client {version}"), server=own["server"], version=own["version"]))
    if own["expires"]:
        voice.line(voice.say(N_("This computer's key is valid until {moment}"), moment=show.moment(own["expires"])))
    if not schools and own["spooled"]:
        voice.line(voice.say(N_("Runs kept here until the server is reached: {number}"), number=own["spooled"]))


def check_in(call: Call, *, tries: int | None) -> Done:
    """Reports, then runs the schools that wish it and whose source is known.

    Raises NotEnrolled, Refused, NotReached.
    """
    if not call.home.is_enrolled():
        raise NotEnrolled
    limits = Limits.of_environment(tries=tries)
    session = Session(call.home, call.voice.language, limits)
    try:
        answer = _report(call, session)
    finally:
        session.close()
    codes = [
        _wished(call, item["school"], limits, preview=not item["run_wanted"])
        for item in answer["schools"]
        if item["run_wanted"] or item.get("preview_wanted")
    ]
    known = N_("Checked in. Schools: {number}")
    return Done(max(codes, default=0), answer, lambda: call.voice.tell(known, number=len(answer["schools"])))


def _report(call: Call, session: Session) -> dict[str, Any]:
    """Sends the report; attempts that it told are forgotten. A list of schools that has changed is fetched anew."""
    try:
        return _send_report(call, session)
    except Refused as refused:
        if refused.code != "not_authorised":
            raise
    names = ("school", "name_en", "name_cy")
    schools = [{name: item[name] for name in names} for item in session.get("/schools")["schools"]]
    call.home.remember({**call.home.settings(), "schools": schools})
    return _send_report(call, session)


def _send_report(call: Call, session: Session) -> dict[str, Any]:
    schedules = call.home.read_json("schedule.json")
    told, schools = [], []
    numbers = call.home.schools()
    for school in numbers:
        failed = attempts.of_school(call.home, school, most=max(1, attempts.MOST // len(numbers)))
        told += [path for path, _ in failed]
        schedule = str(schedules.get(school, ""))
        schools.append({"school": school, "schedule": schedule, "failed_attempts": [attempt for _, attempt in failed]})
    answer = session.ask("POST", "/check-ins", json={"version": keys.version(), "schools": schools})
    for path in told:
        path.unlink(missing_ok=True)
    log.note("checked in", schools=len(schools), attempts=len(told))
    return answer


def _wished(call: Call, school: str, limits: Limits, *, preview: bool) -> int:
    """Runs or previews a school as it was last arranged; its exit code. Why it could not is told next time."""
    if not arrangement.is_known(call.home, school):
        log.note("wish without a source", school=school)
        attempts.record(call.home, school, code="source_unknown")
        return 0
    sentence = N_("School {school} wishes a preview now.") if preview else N_("School {school} wishes a run now.")
    call.voice.tell(sentence, school=school)
    try:
        outcome = run(Errand(school, Asked(), None, preview=preview, wait=True),
                      home=call.home, voice=call.voice, limits=limits).outcome  # fmt: skip
    except Busy as busy:  # what is wished is being done
        call.voice.warn(call.voice.render(busy.text))
        return 0
    except Stopped as stopped:
        if preview:
            attempts.record(call.home, school, code=stopped.code)
        call.voice.warn(call.voice.render(stopped.text))
        return stopped.exit_code
    log.note_result("result", outcome.result, code=outcome.code)
    return outcome.code
