"""Do the documents still say what is there? Settings, dependencies, and links between pages."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def undocumented_settings() -> Iterator[str]:
    """Each HWB_ variable that the code reads stands in a table of docs/, and none that it does not."""
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r'"(HWB_[A-Z_]+)"', path.read_text("utf-8"))
    }
    documented = {
        name
        for page in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"^\| `(HWB_[A-Z_]+)`", page.read_text("utf-8"), re.MULTILINE)
    }
    yield from (f"docs/settings.md: {name} is missing" for name in sorted(read - documented))
    yield from (f"docs/settings.md: {name} is read nowhere" for name in sorted(documented - read))


def unexplained_dependencies() -> Iterator[str]:
    """Each dependency of pyproject.toml has its row, with reason and licence, in docs/dependencies.md."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    stated = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[\[<>=;! ]", line)[0] for line in stated}
    explained = set(
        re.findall(r"^\| ([a-z0-9-]+) \|", (ROOT / "docs/dependencies.md").read_text("utf-8"), re.MULTILINE)
    )
    yield from (f"docs/dependencies.md: {name} has no row" for name in sorted(names - explained))
    yield from (f"docs/dependencies.md: {name} is no dependency" for name in sorted(explained - names - {"name"}))


def broken_links() -> Iterator[str]:
    """A link from one document to a file leads somewhere."""
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: leads to {target}, which is not there"


def main() -> int:
    faults = [*undocumented_settings(), *unexplained_dependencies(), *broken_links()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
