"""`hwb export`: rosters as files, for a school's other systems or for a service that takes no other way."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from uuid import UUID

import typer
from django.conf import settings

from hwb import clock
from hwb.api.oneroster import files, views
from hwb.api.oneroster.collections import View
from hwb.api.oneroster.shapes import Pen
from hwb.cli.output import JSON, acting_user, print_json, refuse, say
from hwb.directory.queries import services as rows
from hwb.directory.queries.roster_people import Seen
from hwb.extract.texts import N_, Text
from hwb.operations import exports, services
from hwb.operations import settings as nation_settings
from hwb.operations.service_addresses import ROSTER_DEMOGRAPHICS
from hwb.web.downloads import safe_cell

#: What people are called in a school's own files: nobody but the school's other systems is to compare them.
_OWN_SECTOR = "hwb export oneroster|{schools}"


class FileVersion(StrEnum):
    """A version of OneRoster."""

    V1P2 = "1.2"
    V1P1 = "1.1"


_SCHOOLS = typer.Option([], "--school", help="The DfES number of a school; repeat it.")
_OUT = typer.Option(..., "--out", help="The ZIP to be written.", dir_okay=False)
_VERSION = typer.Option(FileVersion.V1P2, "--version", help="Of OneRoster.")
_SERVICE = typer.Option(None, "--service", help="As this service may see it, under the identifiers it knows.")


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Rosters as files.", no_args_is_help=True)
    group.command("oneroster")(oneroster)
    group.callback()(lambda: None)
    app.add_typer(group, name="export")


def oneroster(
    school: list[str] = _SCHOOLS, out: Path = _OUT, version: FileVersion = _VERSION, service: UUID | None = _SERVICE,
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Write schools' rosters as OneRoster CSV (bulk). Without --service with UPNs and birth dates, as an MIS needs."""
    if bool(school) == (service is not None):
        refuse(Text(N_("Name schools, or one service.")))
    view, demographics = _of_service(service, version) if service is not None else (_of_schools(school, version), True)
    try:
        with exports.exporting(
            schools=view.seen.schools or (), service=service, version=version.value, acting_user=acting_user(),
            now=clock.now(),
        ):  # fmt: skip
            counts = files.write(view, out, demographics=demographics, cell=safe_cell)
    except exports.ExportRefused as refused:
        refuse(refused.text)
    except OSError as error:
        refuse(Text(N_("The file cannot be written: {reason}"), {"reason": error.strerror or str(error)}))
    if as_json:
        print_json({"file": str(out), "version": version.value, "lines": counts})
    else:
        print(say(Text(N_("Written: {file}"), {"file": str(out)})))


def _of_service(service: UUID, version: FileVersion) -> tuple[View, bool]:
    found = [row for row in rows.find(service=service) if row.revoked_at is None and row.protocol == "oneroster"]
    if not found:
        refuse(Text(N_("There is no such service that reads OneRoster.")))
    return views.view_of(found[0], version.value), ROSTER_DEMOGRAPHICS in found[0].scopes


def _of_schools(schools: list[str], version: FileVersion) -> View:
    key, today = services.pairwise_key(), clock.today()
    sector = _OWN_SECTOR.format(schools=" ".join(sorted(set(schools))))
    return View(
        seen=Seen(schools=tuple(sorted(set(schools))), kinds=services.KINDS, today=today),
        pen=Pen(
            version=version.value, root=settings.HWB_BASE_URL, today=today, own=True,
            known_as=lambda account: key.identifier(account, sector=sector),
            year_start=nation_settings.policy().year_start,
        ),
        account=lambda _sourced_id: None,
    )  # fmt: skip
