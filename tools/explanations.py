"""Renders docs/explanations.md from the table of codes: `python -m tools.explanations`; --check only compares."""

from __future__ import annotations

import string
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hwb.extract import texts
from hwb.extract.texts import Language, Text, translate
from hwb.lifecycle.explain_result import DOMAIN, OWNERS
from hwb.lifecycle.explain_texts import SITUATIONS, WORDINGS, Wording

PAGE = Path(__file__).resolve().parent.parent / "docs/explanations.md"
_HEAD = """# Explanations

Made from `hwb.lifecycle.explain_texts` by `python -m tools.explanations`.

Why is this account missing, inactive or showing last year's class? For one person and one school there is exactly one
answer: `hwb explain --upn UPN --school DFES`, the same on every page and in the API. The codes are tried in the order
of this page, and the first that holds is the answer; words in braces are values of the case.

How the design's table is read where it leaves room:

- A code about the school's own runs (LX12, LX16) holds only where the run matters: where it changes something for the
  learner, or where what the school sent before says nothing of them or is last year's. A run that is only late
  explains a UPN that nobody has sent; for others the more exact code does.
- LX25 is told to the school whose account it is, and stands for another school's switching off for safety too, which
  that school's people could not end. To others the account's whereabouts are told, not its state.
- An account of a future start date is made on that day, without a further run (R3, R22): LX03, SX04.
- SX06 rather than SX05 where the last successful run is not up to date: the record may be newer.
- Where a sentence would not be true of a case, the code has another sentence for it.

Of another school's person a school
is told that school's name, its authority, the date of its last successful run and whether a leaving date was received;
a school that has a learner is told that another one waits, never which.
"""
_WORDS: dict[Language, tuple[str, str, str, str]] = {
    "en": ("English", "Owner", "Next step", "When"),
    "cy": ("Cymraeg", "Perchennog", "Y cam nesaf", "Pryd"),
}


def render() -> str:
    """The page: a section a code, in both languages."""
    parts = [_HEAD]
    for part, start in (("Learners", "LX"), ("Staff", "SX")):
        parts.append(f"\n## {part}\n")
        for code in [code for code in SITUATIONS if code.startswith(start)]:
            wordings = [wording for key, wording in WORDINGS.items() if key[:4] == code]
            parts.append(f"\n### {code}\n")
            parts += [_section(code, wordings, language) for language in _WORDS]
    return "".join(parts)


def _section(code: str, wordings: list[Wording], language: Language) -> str:
    name, owner, step, when = _WORDS[language]
    lines = [f"\n**{name}:** {_say(SITUATIONS[code], language)}\n"]
    for wording in wordings:
        said = [f"- “{_headline(wording, language)}”", f"  {owner}: {_say(OWNERS[wording.owner], language)}.",
                f"  {step}: {_say(wording.next_step, language)}"]  # fmt: skip
        if wording.when:
            said.append(f"  {when}: {_say(wording.when, language)}")
        lines.append("\n".join(said))
    return "\n".join(lines) + "\n"


def _headline(wording: Wording, language: Language) -> str:
    """The headline with its gaps left open; of a plural the form for ten."""
    gaps = {name: f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(wording.headline) if name}
    text = Text(wording.headline, {**gaps, "count": 10}, wording.plural or None)
    return texts.render(text, language=language, domain=DOMAIN)


def _say(message: str, language: Language) -> str:
    return translate(message, language=language, domain=DOMAIN)


def main() -> int:
    """Writes the page, or says that it is not the table's any more."""
    text = render()
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text("utf-8") == text
        print("explanations: up to date" if same else "docs/explanations.md: make it with python -m tools.explanations")
        return 0 if same else 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
