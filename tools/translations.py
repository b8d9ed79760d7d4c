"""Is every sentence there in Welsh? `python -m tools.translations` exits 1 and names each fault.
`… --missing portal` prints the entries that portal.po lacks, to be filled in at its end.

Sentences are those marked in the code with N_, _ or ngettext, and in templates with {% say %} and {% count %}.
Faults: missing, obsolete, fuzzy, empty, twice,
a plural without all its forms, gaps `{x}` that differ between English and Welsh, and one English sentence with two
Welsh ones among the rooms of the pages (web, signin, portal).
"""

from __future__ import annotations

import ast
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hwb.extract.catalogue import CatalogueNotReadable, Entry, read_catalogue

SOURCE = Path(__file__).resolve().parent.parent / "src/hwb"
PAGES = ("web", "signin", "portal")
OWN_DOMAIN = ("extract", "lifecycle", "client", "demo", *PAGES)  # packages with a own catalogue; the rest is "server"
FORMS = 6
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_TAG = re.compile(rf"{{%-?\s*(?:say\s+{_QUOTED}|count\s+{_QUOTED}\s+{_QUOTED})")
_ANY_TAG = re.compile(r"{%-?\s*(?:say|count)\s")
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
    _leave_to_web(source, wanted)
    for domain in sorted({*wanted, *(path.stem for path in source.glob("locale/cy/LC_MESSAGES/*.po"))}):
        catalogue = source / f"locale/cy/LC_MESSAGES/{domain}.po"
        faults += check_catalogue(catalogue, wanted.get(domain, {}))
    return faults + find_disagreements(source)


def _leave_to_web(source: Path, wanted: dict[str, dict[str, Sentence]]) -> None:
    """What web.po has, signin.po and portal.po need not have: "Name", "Back", months, states."""
    path = source / "locale/cy/LC_MESSAGES/web.po"
    shared = {entry.message for entry in read_catalogue(path.read_text("utf-8"))} if path.exists() else set()
    for domain in ("signin", "portal"):
        for message in shared & wanted.get(domain, {}).keys():
            sentence = wanted[domain].pop(message)
            wanted.setdefault("web", {}).setdefault(message, sentence)


def skeleton(source: Path, domain: str) -> str:
    """Entries for the sentences that a catalogue lacks, for filling in at its end."""
    wanted = collect_sentences(source, [])
    _leave_to_web(source, wanted)
    path = source / f"locale/cy/LC_MESSAGES/{domain}.po"
    known = {entry.message for entry in read_catalogue(path.read_text("utf-8"))} if path.exists() else set()
    parts = []
    for sentence in wanted.get(domain, {}).values():
        if sentence.message in known:
            continue
        quoted = [f'"{text}"'.replace("\n", "\\n") for text in map(_escaped, (sentence.message, sentence.plural or ""))]
        forms = "\n".join(f'msgstr[{number}] ""' for number in range(FORMS)) if sentence.plural else 'msgstr ""'
        plural = f"msgid_plural {quoted[1]}\n" if sentence.plural else ""
        parts.append(f"#: {sentence.place.rpartition(':')[0]}\nmsgid {quoted[0]}\n{plural}{forms}\n")
    return "\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def find_disagreements(source: Path) -> list[str]:
    """Sentences that two rooms of pages put into Welsh differently: a reader would take them for two things."""
    faults: list[str] = []
    known: dict[tuple[str, str | None], tuple[str, dict[int, str]]] = {}
    for domain in PAGES:
        path = source / f"locale/cy/LC_MESSAGES/{domain}.po"
        for entry in read_catalogue(path.read_text("utf-8"))[1:] if path.exists() else ():
            first, forms = known.setdefault((entry.message, entry.plural), (domain, entry.forms))
            if forms != entry.forms:
                faults.append(f"{domain}.po:{entry.line}: {first}.po says it otherwise: {entry.message!r}")
    return faults


def collect_sentences(source: Path, faults: list[str]) -> dict[str, dict[str, Sentence]]:
    """domain → English sentence → where it stands."""
    wanted: dict[str, dict[str, Sentence]] = {}
    for path in sorted(source.rglob("*.py")):
        place = path.relative_to(source)
        domain = place.parts[0] if place.parts[0] in OWN_DOMAIN else "server"
        for sentence in sentences_of(ast.parse(path.read_text("utf-8")), str(place), faults):
            wanted.setdefault(domain, {}).setdefault(sentence.message, sentence)
    for path in sorted(source.glob("templates/*/**/*.*")):
        place = path.relative_to(source)
        domain = place.parts[1] if place.parts[1] in PAGES else "web"
        for sentence in sentences_of_template(path.read_text("utf-8"), str(place), faults):
            wanted.setdefault(domain, {}).setdefault(sentence.message, sentence)
    return wanted


def sentences_of_template(text: str, place: str, faults: list[str]) -> Iterator[Sentence]:
    """The sentences of a template's {% say %} and {% count %} tags."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = _TAG.findall(line)
        for said, one, many in found:
            texts = [ast.literal_eval(f'"{part}"') for part in (said or one, many)]
            yield Sentence(texts[0], texts[1] or None, f"{place}:{number}")
        if len(found) != len(_ANY_TAG.findall(line)):
            faults.append(f"{place}:{number}: a tag needs its literal sentences, in double quotes, on one line")


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


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "--missing":
        print(skeleton(SOURCE, arguments[1]))
        return 0
    faults = find_faults(SOURCE)
    for fault in faults:
        print(fault)
    print(f"translations: {len(faults)} faults" if faults else "translations: complete")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
