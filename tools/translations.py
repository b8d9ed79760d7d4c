"""Is every sentence there in Welsh? `python -m tools.translations` exits 1 and names each fault.

Sentences are those marked in the code with N_, _ or ngettext. Faults: missing, obsolete, fuzzy, empty, twice,
a plural without all its forms, and gaps `{x}` that differ between English and Welsh.
"""

from __future__ import annotations

import ast
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hwb.extract.catalogue import CatalogueNotReadable, Entry, read_catalogue

SOURCE = Path(__file__).resolve().parent.parent / "src/hwb"
OWN_DOMAIN = ("extract", "lifecycle", "client", "demo")  # packages with a catalogue of their own; the rest is "server"
FORMS = 6
PLURALS = "Plural-Forms: nplurals=6; plural=(n==0) ? 0 : (n==1) ? 1 : (n==2) ? 2 : (n==3) ? 3 :(n==6) ? 4 : 5;"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A marked sentence and the first place where it stands."""

    message: str
    plural: str | None
    place: str


def find_faults(source: Path) -> list[str]:
    """Every fault of the package at `source`, each with its place."""
    faults: list[str] = []
    wanted = collect_sentences(source, faults)
    for domain in sorted({*wanted, *(path.stem for path in source.glob("locale/cy/LC_MESSAGES/*.po"))}):
        catalogue = source / f"locale/cy/LC_MESSAGES/{domain}.po"
        faults += check_catalogue(catalogue, wanted.get(domain, {}))
    return faults


def collect_sentences(source: Path, faults: list[str]) -> dict[str, dict[str, Sentence]]:
    """domain → English sentence → where it stands."""
    wanted: dict[str, dict[str, Sentence]] = {}
    for path in sorted(source.rglob("*.py")):
        place = path.relative_to(source)
        domain = place.parts[0] if place.parts[0] in OWN_DOMAIN else "server"
        for sentence in sentences_of(ast.parse(path.read_text("utf-8")), str(place), faults):
            wanted.setdefault(domain, {}).setdefault(sentence.message, sentence)
    return wanted


def sentences_of(tree: ast.AST, place: str, faults: list[str]) -> Iterator[Sentence]:
    """The sentences marked in one module."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        arguments = {"N_": 1, "_": 1, "ngettext": 2}.get(name, 0)
        if not arguments:
            continue
        where = f"{place}:{node.lineno}"
        texts = [a.value for a in node.args[:arguments] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if len(texts) == arguments:
            yield Sentence(texts[0], texts[1] if arguments == 2 else None, where)
        elif not (name == "ngettext" and place.startswith("extract")):  # its own definition passes names on
            faults.append(f"{where}: {name} needs a literal sentence, so that it can be found")


def check_catalogue(path: Path, wanted: dict[str, Sentence]) -> list[str]:
    """The faults of one catalogue against the sentences it must have."""
    if not path.exists():
        return [f"{path.name}: missing; {len(wanted)} sentences need it"] if wanted else []
    try:
        header, *entries = read_catalogue(path.read_text("utf-8")) or [Entry(0)]
    except CatalogueNotReadable as error:
        return [f"{path.name}: {error}"]
    faults = [] if PLURALS in header.forms.get(0, "") else [f"{path.name}: the header lacks “{PLURALS}”"]
    seen: set[str] = set()
    for entry in entries:
        faults += [f"{path.name}:{entry.line}: {fault}: {entry.message!r}" for fault in judge(entry, wanted)]
        if entry.message in seen:
            faults.append(f"{path.name}:{entry.line}: twice: {entry.message!r}")
        seen.add(entry.message)
    for message in wanted.keys() - seen:
        faults.append(f"{path.name}: missing: {message!r} ({wanted[message].place})")
    return faults


def judge(entry: Entry, wanted: dict[str, Sentence]) -> Iterator[str]:
    """What is wrong with one entry."""
    if entry.obsolete or entry.message not in wanted:
        yield "obsolete"
        return
    if entry.fuzzy:
        yield "fuzzy"
    if not entry.forms or not all(form.strip() for form in entry.forms.values()):
        yield "empty"
        return
    plural = wanted[entry.message].plural
    if plural != entry.plural:
        yield "plural differs from the code's"
    if plural is not None and set(entry.forms) != set(range(FORMS)):
        yield f"needs {FORMS} forms"
    needed = gaps(entry.message) | gaps(plural or "")
    optional = {"count"} if plural is not None else set()  # "un dysgwr" says its number in words
    for number, form in sorted(entry.forms.items()):
        if gaps(form) - optional != needed - optional or not gaps(form) <= needed:
            yield f"gaps of form {number} are {sorted(gaps(form))}, not {sorted(needed)}"


def gaps(sentence: str) -> set[str]:
    """The names in braces; a sentence whose braces do not match has the gap "?"."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    except ValueError:
        return {"?"}


def main() -> int:
    faults = find_faults(SOURCE)
    for fault in faults:
        print(fault)
    print(f"translations: {len(faults)} faults" if faults else "translations: complete")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
