"""One run or preview of one school: ask the MIS, read, check, send, wait, and say what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from hwb.client import arrangement, attempts, log, send, show, source, spool
from hwb.client.arrangement import Asked
from hwb.client.faults import NoOutcomeYet, NotEnrolled, NotReached, Refused, Stopped
from hwb.client.home import Home
from hwb.client.limits import Limits
from hwb.client.lock import Busy, one_run
from hwb.client.outcome import Outcome, blank, judge, warned
from hwb.client.session import Session
from hwb.client.texts import DOMAIN
from hwb.client.voice import Voice
from hwb.extract.records import Extract
from hwb.extract.texts import N_, ngettext, render


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked of one run or preview."""

    school: str
    asked: Asked
    as_at: str | None
    preview: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """The outcome, and whose names may be shown with it."""

    outcome: Outcome
    names: dict[str, str]


def run(errand: Errand, *, home: Home, voice: Voice, limits: Limits) -> Ran:
    """Raises Stopped for what ended it before anything was sent; a failed attempt is kept for the check-in."""
    try:
        with one_run(home, errand.school):
            return _locked(errand, home=home, voice=voice, limits=limits)
    except Busy:
        raise
    except Stopped as stopped:
        if not errand.preview and stopped.exit_code != 2:
            attempts.record(home, errand.school, code=stopped.code)
        raise


def _locked(errand: Errand, *, home: Home, voice: Voice, limits: Limits) -> Ran:
    moment = source.moment_of(errand.as_at)
    arranged = arrangement.arrange(home, errand.school, errand.asked)
    if arranged.mis_command:
        with voice.progress(N_("Asking the MIS")):
            source.export(arranged, seconds=limits.command)
    with voice.progress(N_("Reading the MIS's data")):
        extract = source.read(arranged, school=errand.school, as_at=moment)
        body = source.packed(extract)
    arrangement.remember(home, errand.school, arranged)
    _tell_what_was_read(extract, voice)
    if not home.is_enrolled():
        raise NotEnrolled
    session = Session(home, voice.language, limits)
    try:
        return Ran(_deliver(errand, extract, body, session=session, voice=voice), show.names_of(voice, extract))
    finally:
        session.close()


def _tell_what_was_read(extract: Extract, voice: Voice) -> None:
    judgement = judge(extract, language=voice.language)
    voice.tell(N_("Read: learners {learners}, staff {staff}"), learners=judgement.learners, staff=judgement.staff)
    if extract.dropped:
        columns = ", ".join(extract.dropped)
        voice.tell(N_("Columns that were not read and not sent: {columns}"), columns=columns)
    records = len({item["record"] for item in judgement.refused})
    if records and not voice.quiet:
        text = ngettext("{count} record will be refused.", "{count} records will be refused.", records)
        voice.err.print(render(text, language=voice.language, domain=DOMAIN), markup=False)


def _deliver(errand: Errand, extract: Extract, body: bytes, *, session: Session, voice: Voice) -> Outcome:
    run_id, as_at = str(uuid4()), extract.as_at.isoformat()

    def of(outcome: str) -> dict[str, object]:
        return blank(school=errand.school, outcome=outcome, run=run_id, as_at=as_at, preview=errand.preview)

    try:
        if not errand.preview:
            _send_kept(errand.school, session=session, voice=voice)
        with voice.progress(N_("Sending to the server"), total=1000) as advance:
            answer = send.put_run(session, run_id, body, preview=errand.preview, advance=advance)
        if not errand.wait:
            return Outcome(of("received"), 0)
        with voice.progress(N_("Waiting for the outcome")):
            return send.await_result(session, answer, school=errand.school, as_at=as_at, preview=errand.preview)
    except (NotReached, NoOutcomeYet) as away:
        if not errand.preview:
            spool.keep(session.home, run=run_id, school=errand.school, as_at=as_at, body=body)
        if not errand.preview and isinstance(away, NotReached):
            attempts.record(session.home, errand.school, code=away.code)
        text = voice.render(away.text)
        return Outcome(warned(of("spooled"), away.code, text), away.exit_code, text)
    except Refused as refused:
        text = why(refused, voice)
        return Outcome(warned(of("refused"), refused.code, text), 5, text)


def why(refused: Refused, voice: Voice) -> str:
    """The server's sentence; when the clock is at fault, also how far it is off."""
    if not refused.ahead:
        return refused.text
    hours, seconds = divmod(abs(refused.ahead), 3600)
    length = f"{hours}:{seconds // 60:02}:{seconds % 60:02}"
    sentence = (
        N_("This computer's clock is ahead of the server's by {length} (hours, minutes, seconds).")
        if refused.ahead > 0
        else N_("This computer's clock is behind the server's by {length} (hours, minutes, seconds).")
    )
    return f"{refused.text} {voice.say(sentence, length=length)}"


def _send_kept(school: str, *, session: Session, voice: Voice) -> None:
    if not spool.count(session.home, school):
        return
    voice.tell(N_("Sending first what was kept while the server was away"))
    taken, refusals = send.send_kept(session, session.home, school)
    log.note("kept sent", school=school, taken=taken, refused=len(refusals))
    for refused in refusals:
        voice.warn(voice.say(N_("A run that was kept is refused: {why}"), why=refused.text))
