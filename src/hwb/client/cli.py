"""The command line ``hwb-client``. Results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hwb import clock
from hwb.client import mis
from hwb.client.home import Home
from hwb.client.running import Outcome, deliver, judged
from hwb.client.session import NotReached, Refused, Session
from hwb.client.texts import language_of, say
from hwb.extract.records import Extract
from hwb.extract.texts import N_, render
from hwb.identifiers import parse_dfes_number

app = typer.Typer(name="hwb-client", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of the client's key, settings and spool")]
LangOption = Annotated[str | None, typer.Option("--lang", "--language", help="en or cy")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output")]
SchoolOption = Annotated[str, typer.Option("--school", help="DfES number")]
MisOption = Annotated[str | None, typer.Option("--mis", help="Kind of MIS: " + ", ".join(mis.KINDS))]
SourceOption = Annotated[Path | None, typer.Option("--source", help="What the MIS wrote")]
StaffOption = Annotated[Path | None, typer.Option("--staff-source")]
AsAtOption = Annotated[str | None, typer.Option("--as-at", help="ISO moment of the data")]

_NOT_ENROLLED = N_("This computer is not enrolled. Next: hwb-client enrol")
_NOT_REACHED = N_("The server could not be reached. The data is kept and sent with the next run.")
_SUMMARY = N_("{outcome}: {created} created, {updated} updated, {claimed} claimed, {released} released, "
              "{waiting} waiting, {missing} missing, {refused} refused.")  # fmt: skip
_OUTCOMES = {
    "applied": N_("Applied"),
    "no change": N_("No change"),
    "held": N_("Held for review"),
    "refused": N_("Refused"),
    "spooled": N_("Kept for the next run"),
    "received": N_("Received"),
    "checked": N_("Checked"),
}


def main() -> None:
    """The console script ``hwb-client``."""
    app()


@app.command()
def enrol(
    server: Annotated[str, typer.Option("--server")],
    code: Annotated[str, typer.Option("--code")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
) -> None:
    """Make a key pair and give its public half for an enrolment code."""
    language = language_of(lang)
    if not code:
        code = sys.stdin.readline().strip()
    session = Session(Home.of(home), language)
    try:
        answer = session.enrol(server, code)
    except ValueError:
        _fail(say(N_("The server's address must begin with https."), language=language), 2)
    except Refused as refused:
        _fail(refused.text, 5)
    except NotReached:
        _fail(say(N_("The server could not be reached."), language=language), 7)
    schools = ", ".join(school["school"] for school in answer["schools"])
    _tell(say(N_("Enrolled. Schools: {schools}"), language=language, schools=schools))


@app.command()
def check(
    school: SchoolOption,
    kind: MisOption = None,
    source: SourceOption = None,
    staff_source: StaffOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Read the MIS and say what would be refused; needs no server."""
    language = language_of(lang)
    extract = _read(school, kind, source, staff_source, as_at, home, as_json, language, remember=False)
    _, outcome = judged(extract, language=language)
    _end(outcome, as_json, language)


@app.command()
def preview(
    school: SchoolOption,
    kind: MisOption = None,
    source: SourceOption = None,
    staff_source: StaffOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    no_wait: Annotated[bool, typer.Option("--no-wait")] = False,
    lang: LangOption = None,
) -> None:
    """Show what a run would change, and change nothing."""
    _send(school, kind, source, staff_source, as_at, home, as_json, not no_wait, language_of(lang), preview=True)


@app.command()
def run(
    school: SchoolOption,
    kind: MisOption = None,
    source: SourceOption = None,
    staff_source: StaffOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    no_wait: Annotated[bool, typer.Option("--no-wait")] = False,
    lang: LangOption = None,
) -> None:
    """Read the MIS, send it, wait for the result."""
    _send(school, kind, source, staff_source, as_at, home, as_json, not no_wait, language_of(lang), preview=False)


@app.command()
def status(school: SchoolOption, home: HomeOption = None, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Last Run, last attempt, and who waits."""
    language = language_of(lang)
    found = _ask(home, language, lambda session: session.get(f"/schools/{school}"))
    found["spooled"] = len(Home.of(home).spooled())
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    last = found["last_run"]
    if last is None:
        print(say(N_("Never run."), language=language))
    else:
        print(say(N_("Last successful run: {moment}"), language=language, moment=str(last["at"])))
    waits = say(N_("Learners for whom other schools wait: {number}"), language=language, number=found["waits_caused"])
    print(waits)


@app.command("check-in")
def check_in(home: HomeOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Report version and collect a school's wish to run now."""
    language = language_of(lang)
    schools = [{"school": item["school"]} for item in Home.of(home).settings().get("schools", [])]
    found = _ask(home, language, lambda session: session.check_in(schools))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))


def _ask(home: Path | None, language: str, question: Any) -> dict[str, Any]:
    place = Home.of(home)
    if not place.settings():
        _fail(say(_NOT_ENROLLED, language=language), 5)
    try:
        answer: dict[str, Any] = question(Session(place, language))
    except Refused as refused:
        _fail(refused.text, 5)
    except NotReached:
        _fail(say(N_("The server could not be reached."), language=language), 7)
    return answer


def _send(
    school: str, kind: str | None, source: Path | None, staff_source: Path | None, as_at: str | None,
    home: Path | None, as_json: bool, wait: bool, language: str, *, preview: bool,
) -> None:  # fmt: skip
    place = Home.of(home)
    extract = _read(school, kind, source, staff_source, as_at, home, as_json, language, remember=True)
    if not place.settings().get("client"):
        _fail(say(_NOT_ENROLLED, language=language), 5)
    outcome = deliver(extract, Session(place, language), preview=preview, wait=wait, tell=_tell)
    if preview and outcome.result["outcome"] != "refused":
        outcome = Outcome(outcome.result | {"preview": True}, outcome.code, outcome.text)
    if outcome.code == 7:
        _tell(say(_NOT_REACHED, language=language))
    _end(outcome, as_json, language)


def _read(
    school: str, kind: str | None, source: Path | None, staff_source: Path | None, as_at: str | None,
    home: Path | None, as_json: bool, language: str, *, remember: bool,
) -> Extract:  # fmt: skip
    number = parse_dfes_number(school)
    if number is None:
        _fail(say(N_("This is not a school's DfES number: {number}"), language=language, number=school), 2)
    place = Home.of(home)
    settings = place.settings()
    known = settings.get("sources", {}).get(number, {})
    kind = kind or known.get("mis")
    path = source or (Path(known["source"]) if known.get("source") else None)
    staff_path = staff_source or (Path(known["staff_source"]) if known.get("staff_source") else None)
    if kind is None or path is None:
        _fail(say(N_("Name the MIS and its file: --mis and --source"), language=language), 2)
    try:
        moment: datetime | None = clock.parse_moment(as_at) if as_at else clock.rehearsed_now()
    except clock.ClockNotReadable:
        _fail(say(N_("This is not an ISO moment: {moment}"), language=language, moment=as_at or ""), 2)
    try:
        extract = mis.read(kind, path, school=number, staff_source=staff_path, as_at=moment)
    except mis.ReadError as error:
        text = render(error.text, language=language, domain="client")
        if as_json:
            result = {"run": "", "school": number, "as_at": "", "outcome": "refused", "created": 0, "updated": 0,
                      "released": 0, "claimed": 0, "waiting": 0, "missing": 0, "refused": [], "holds": [],
                      "warnings": [{"code": error.code, "text": text}]}  # fmt: skip
            print(json.dumps(result, ensure_ascii=False))
        _fail(text, 5 if error.code in ("empty", "wrong_school") else 6)
    if extract.dropped:
        names = ", ".join(extract.dropped)
        _tell(say(N_("Columns that were not read and not sent: {columns}"), language=language, columns=names))
    if remember:
        settings.setdefault("sources", {})[number] = {
            "mis": kind, "source": str(path.resolve()), "staff_source": str(staff_path.resolve()) if staff_path else "",
        }  # fmt: skip
        place.remember(settings)
    return extract


def _end(outcome: Outcome, as_json: bool, language: str) -> None:
    result = outcome.result
    if outcome.text:
        _tell(outcome.text)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _summary(result, language)
    raise SystemExit(outcome.code)


def _summary(result: dict[str, Any], language: str) -> None:
    counts = {k: result[k] for k in ("created", "updated", "claimed", "released", "waiting", "missing")}
    word = say(_OUTCOMES[result["outcome"]], language=language)
    print(say(_SUMMARY, language=language, outcome=word, refused=len(result["refused"]), **counts))
    for item in result["refused"]:
        print(f"  {item['record']}  {item['field']}  {item['needed']}. {item['fix']}")
    for hold in result["holds"]:
        print(f"  {hold['check']}: {hold.get('text', '')}")
    for warning in result["warnings"]:
        print(f"  {warning['code']}: {warning['text']}")


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _fail(text: str, code: int) -> NoReturn:
    _tell(text)
    raise SystemExit(code)
