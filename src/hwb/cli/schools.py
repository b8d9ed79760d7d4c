"""`hwb schools`: the register of schools, and a school's end (R43)."""

from __future__ import annotations

from pathlib import Path

import typer

from hwb import clock
from hwb.cli import register_output
from hwb.cli.output import JSON, acting_user, print_json, print_table, refuse, say
from hwb.directory.queries import schools
from hwb.extract.texts import N_, Text
from hwb.operations import closures, registers, settings
from hwb.operations.register_files import FileRefused, read_split

_FILE = typer.Argument(..., exists=True, dir_okay=False, help="CSV, see docs/howto/registers.md")
_SPLIT = typer.Option(
    None, "--split", exists=True, dir_okay=False, help="CSV: person (UPN or staff code), successor (DfES number)."
)


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The register of schools.", no_args_is_help=True)
    group.command("import")(import_file)
    group.command("list")(list_schools)
    group.command("close")(close)
    app.add_typer(group, name="schools")


def import_file(
    file: Path = _FILE,
    as_json: bool = JSON,
) -> None:
    """Take schools from a CSV file. Good lines count; exit 3 when others were refused."""
    now = clock.now()
    try:
        imported = registers.import_schools(
            content=file.read_bytes(), acting_user=acting_user(), now=now, on=clock.calendar_date(now)
        )
    except FileRefused as refused:
        refuse(refused.text)
    register_output.report(imported, as_json=as_json)


def list_schools(as_json: bool = JSON) -> None:
    """Schools with their Last Run, later attempts and freshness."""
    now = clock.now()
    found = [
        row.to_json() for row in schools.statuses(on=clock.calendar_date(now), now=now, limits=settings.school_limits())
    ]
    if as_json:
        print_json(found)
        return
    rows = [{**row, "last_run": row["last_run"] and f"{row['last_run']['at']:%Y-%m-%d %H:%M}"} for row in found]
    columns = ("school", "name_en", "last_run", "freshness", "waits_caused", "waiting", "missing")
    print_table(
        columns,
        rows,
        nothing=say(Text(N_("No school is registered yet. An operator registers them with: hwb schools import"))),
    )


def close(
    school: str = typer.Argument(..., help="The DfES number of the school that closes."),
    split: Path | None = _SPLIT,
    preview: bool = typer.Option(False, "--preview", help="Show what would change; change nothing."),
    as_json: bool = JSON,
) -> None:
    """End a school: its people go to the successor of its register entry, or of the split file (R43)."""
    now = clock.now()
    try:
        people = read_split(split.read_bytes()) if split is not None else None
        closed = closures.close_school(
            dfes=school, split=people, preview=preview, acting_user=acting_user(), now=now,
            on=clock.calendar_date(now),
        )  # fmt: skip
    except FileRefused as refused:
        refuse(refused.text)
    except closures.ClosureRefused as refused_closure:
        refuse(refused_closure.text)
    if as_json:
        print_json({"school": school, "preview": preview, "successors": closed.successors, "changes": closed.changes})
        return
    rows = [{"rule": rule, "change": kind, "count": count} for (rule, kind), count in closed.changes_by_rule().items()]
    print_table(("rule", "change", "count"), rows, nothing=say(Text(N_("Nothing would change."))))
    if preview:
        print(say(Text(N_("This was a preview. Nothing has changed."))))
