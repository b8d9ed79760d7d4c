"""The command line ``hwb-client``. Results on standard output, everything else on standard error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwb.client import arrangement, enrolment, scheduling, show, source, upkeep
from hwb.client.arrangement import Asked
from hwb.client.call import Call, Done, begin, prepare_streams
from hwb.client.limits import Limits
from hwb.client.options import (
    AsAtOption,
    CommandOption,
    HomeOption,
    JsonOption,
    LangOption,
    MappingOption,
    MisOption,
    NamesOption,
    NoInputOption,
    NoWaitOption,
    PlainOption,
    QuietOption,
    SchoolOption,
    ShellOption,
    SourceOption,
    StaffOption,
    TriesOption,
)
from hwb.client.outcome import Outcome, judge
from hwb.client.running import Errand, run
from hwb.extract.texts import N_

app = typer.Typer(
    name="hwb-client", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reads what a school's MIS says and sends it to Hwb. First: enrol; then: check, preview, run.",
)  # fmt: skip


def main() -> None:
    """The console script ``hwb-client``."""
    prepare_streams()
    app()


@app.command()
def enrol(
    server: Annotated[str, typer.Option("--server", help="The server's address, https://…")],
    code: Annotated[
        str, typer.Option("--code", help="The code; else it is asked for, or read from standard input")
    ] = "",
    code_file: Annotated[Path | None, typer.Option("--code-file", help="A file that holds the code")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    plain: PlainOption = False,
    tries: TriesOption = None,
    lang: LangOption = None,
) -> None:
    """Make a key pair and give its public half for an enrolment code."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=quiet, plain=plain)
    call.conduct(lambda: enrolment.enrol(call, server=server, code=code, code_file=code_file, tries=tries))


@app.command()
def check(
    school: SchoolOption = None,
    kind: MisOption = None,
    data: SourceOption = None,
    staff: StaffOption = None,
    mapping: MappingOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    names: NamesOption = False,
    quiet: QuietOption = False,
    plain: PlainOption = False,
    lang: LangOption = None,
) -> None:
    """Read the MIS's data and say what would be refused. Needs no server."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=quiet, plain=plain, names=names, school=school)
    call.conduct(lambda: _check(call, Asked(kind, data, staff, mapping), as_at), run_object=True)


@app.command()
def fix(
    school: SchoolOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    names: NamesOption = False,
    plain: PlainOption = False,
    lang: LangOption = None,
) -> None:
    """List the records to put right, with what to do in this school's MIS."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=True, plain=plain, names=names, school=school)
    call.conduct(lambda: _check(call, Asked(), None), run_object=True)


@app.command()
def preview(
    school: SchoolOption = None,
    kind: MisOption = None,
    data: SourceOption = None,
    staff: StaffOption = None,
    mapping: MappingOption = None,
    command: CommandOption = None,
    shell: ShellOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    no_wait: NoWaitOption = False,
    names: NamesOption = False,
    quiet: QuietOption = False,
    plain: PlainOption = False,
    tries: TriesOption = None,
    _: NoInputOption = False,
    lang: LangOption = None,
) -> None:
    """Show what a run would change, by rule, and change nothing."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=quiet, plain=plain, names=names, school=school)
    asked = Asked(kind, data, staff, mapping, command, shell)
    call.conduct(lambda: _send(call, asked, as_at, not no_wait, tries, preview=True), run_object=True, preview=True)


@app.command("run")
def run_command(
    school: SchoolOption = None,
    kind: MisOption = None,
    data: SourceOption = None,
    staff: StaffOption = None,
    mapping: MappingOption = None,
    command: CommandOption = None,
    shell: ShellOption = None,
    as_at: AsAtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    no_wait: NoWaitOption = False,
    names: NamesOption = False,
    quiet: QuietOption = False,
    plain: PlainOption = False,
    tries: TriesOption = None,
    _: NoInputOption = False,
    lang: LangOption = None,
) -> None:
    """Ask the MIS, read its data, send it and wait for the outcome."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=quiet, plain=plain, names=names, school=school)
    asked = Asked(kind, data, staff, mapping, command, shell)
    call.conduct(lambda: _send(call, asked, as_at, not no_wait, tries, preview=False), run_object=True)


@app.command()
def status(
    school: SchoolOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    plain: PlainOption = False,
    tries: TriesOption = None,
    lang: LangOption = None,
) -> None:
    """Last Run, last attempt, what is kept here, and who waits."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=False, plain=plain)
    call.conduct(lambda: upkeep.status(call, school=school, tries=tries))


@app.command("check-in")
def check_in(
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    plain: PlainOption = False,
    tries: TriesOption = None,
    lang: LangOption = None,
) -> None:
    """Report version, schedule and failed attempts; run a school whose run is wished for."""
    call = begin(home=home, lang=lang, as_json=as_json, quiet=quiet, plain=plain)
    call.conduct(lambda: upkeep.check_in(call, tries=tries))


@app.command()
def schedule(
    system: Annotated[str, typer.Argument(help="systemd or windows")],
    school: Annotated[
        list[str] | None, typer.Option("--school", help="DfES number; else every school enrolled")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the files to")] = None,
    user: Annotated[str, typer.Option("--user", help="Who runs the client; else you, or Local Service")] = "",
    part: Annotated[str, typer.Option("--part", help="run or check-in: which task, without --out")] = "run",
    at: Annotated[str, typer.Option("--at", help="Time of day of the runs, HH:MM; else each school's own")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
) -> None:
    """Write the schedule: a run each night, a check-in every 15 minutes."""
    call = begin(home=home, lang=lang, as_json=False, quiet=False, plain=False)
    call.conduct(
        lambda: scheduling.write(call, system=system, schools=school or [], out=out, user=user, part=part, at=at)
    )


def _check(call: Call, asked: Asked, as_at: str | None) -> Done:
    number = call.school()
    moment = source.moment_of(as_at)
    arranged = arrangement.arrange(call.home, number, asked)
    extract = source.read(arranged, school=number, as_at=moment)
    if extract.dropped:
        call.voice.tell(N_("Columns that were not read and not sent: {columns}"), columns=", ".join(extract.dropped))
    judgement = judge(extract, language=call.voice.language)
    call.voice.tell(N_("Read: learners {learners}, staff {staff}"), learners=judgement.learners, staff=judgement.staff)
    return _shown(call, judgement.outcome(extract), show.names_of(call.voice, extract))


def _send(call: Call, asked: Asked, as_at: str | None, wait: bool, tries: int | None, *, preview: bool) -> Done:
    errand = Errand(call.school(), asked, as_at, preview, wait)
    ran = run(errand, home=call.home, voice=call.voice, limits=Limits.of_environment(tries=tries))
    return _shown(call, ran.outcome, ran.names)


def _shown(call: Call, outcome: Outcome, names: dict[str, str]) -> Done:
    return Done(
        outcome.code, outcome.result, lambda: show.result(call.voice, outcome.result, names=names), outcome.text
    )
