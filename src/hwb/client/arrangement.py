"""How one school's MIS is read: remembered in the home, so that ``run --school N`` is enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hwb.client import mis
from hwb.client.faults import WrongUse
from hwb.client.home import Home
from hwb.extract.texts import N_, Text


@dataclass(frozen=True, slots=True)
class Arrangement:
    """MIS kind, its files and the command that writes them; paths absolute, "" where there is none.

    command: a list of arguments, or one string that is split as a shell would split it; it goes through a
    shell only when ``shell`` says so.
    """

    mis: str = ""
    source: str = ""
    staff_source: str = ""
    mapping: str = ""
    mis_command: str | list[str] = ""
    mis_command_shell: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command line; None where nothing was asked."""

    mis: str | None = None
    source: Path | None = None
    staff_source: Path | None = None
    mapping: Path | None = None
    mis_command: str | None = None
    mis_command_shell: bool | None = None


def arrange(home: Home, school: str, asked: Asked) -> Arrangement:
    """What was remembered, with what is asked now put over it. Raises WrongUse when MIS or source is unknown.

    Files belong to a source: with another source or MIS, what was remembered of staff file and mapping is not used.
    """
    known = _known(home, school)
    if asked.mis is not None and asked.mis not in mis.KINDS:
        kinds = ", ".join(mis.KINDS)
        raise WrongUse(Text(N_("{kind} is none of the kinds of MIS: {kinds}"), {"kind": asked.mis, "kinds": kinds}))
    same = asked.source is None and (asked.mis is None or asked.mis == known.mis)
    same = same or (asked.source is not None and _absolute(asked.source) == known.source)
    arrangement = Arrangement(
        asked.mis or known.mis,
        _absolute(asked.source) or known.source,
        _absolute(asked.staff_source) or (known.staff_source if same else ""),
        _absolute(asked.mapping) or (known.mapping if same else ""),
        known.mis_command if asked.mis_command is None else asked.mis_command,
        known.mis_command_shell if asked.mis_command_shell is None else asked.mis_command_shell,
    )
    if not arrangement.mis or not arrangement.source:
        raise WrongUse(Text(N_("Name the MIS and its file once: --mis and --source. They are remembered.")))
    return arrangement


def remember(home: Home, school: str, arrangement: Arrangement) -> None:
    if arrangement != _known(home, school):
        home.write_json(_name(school), asdict(arrangement))


def is_known(home: Home, school: str) -> bool:
    return bool(_known(home, school).source)


def _known(home: Home, school: str) -> Arrangement:
    content: dict[str, Any] = home.read_json(_name(school))
    command = content.get("mis_command", "")
    if not isinstance(command, str | list) or (
        isinstance(command, list) and not all(isinstance(x, str) for x in command)
    ):
        raise WrongUse(
            Text(N_("The client's settings cannot be read: {path}"), {"path": str(home.folder / _name(school))})
        )
    texts = {name: str(content.get(name) or "") for name in ("mis", "source", "staff_source", "mapping")}
    return Arrangement(**texts, mis_command=command, mis_command_shell=bool(content.get("mis_command_shell")))


def _name(school: str) -> str:
    return f"schools/{school}.json"


def _absolute(path: Path | None) -> str:
    return str(path.expanduser().absolute()) if path is not None else ""
