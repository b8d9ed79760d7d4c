"""Makes the vendored styles anew: `python -m tools.govuk govuk-frontend-6.x.y.tgz` (from `npm pack govuk-frontend@6`).

Takes GOV.UK Frontend's compiled CSS and leaves out what this service may not or does not use: the GDS Transport
font, the crest, the GOV.UK header and footer marks, and components that no page has. The result and the licence lie
in src/hwb/static and are committed: building and installing hwb needs no npm.
"""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/hwb/static/govuk.css"
SOURCE = "package/dist/govuk/govuk-frontend.min.css"
UNUSED = (
    "accordion", "character-count", "cookie-banner", "exit-this-page", "feedback", "file-upload", "header",
    "phase-banner", "footer__copyright", "footer__licence",
)  # fmt: skip
_UNUSED = re.compile(rf"\.govuk-(?:{'|'.join(UNUSED)})(?![a-z])")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    with tarfile.open(arguments[0]) as archive:
        source = archive.extractfile(SOURCE)
        if source is None:
            raise FileNotFoundError(SOURCE)
        text = source.read().decode()
    TARGET.write_text(trim(text), "utf-8")
    print(f"{TARGET.name}: {len(text):,} bytes to {TARGET.stat().st_size:,}")
    return 0


def trim(css: str) -> str:
    """The style sheet without fonts, crest, marks and unused components."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = css.replace("GDS Transport,arial,sans-serif", 'Arial,"Liberation Sans",sans-serif')
    version = re.search(r'--govuk-frontend-version:"([\d.]+)"', css)
    trimmed = _without_unused(css.replace("﻿", ""))
    for forbidden in ("url(/assets", "GDS Transport", "crest"):
        if forbidden in trimmed:
            raise ValueError(f"the style sheet still has {forbidden!r}")
    return (
        f"/* GOV.UK Frontend {version[1] if version else ''}, MIT licence (govuk.LICENCE.txt), without its\n"
        "   font, its crest and the components that no page uses. Made by tools/govuk.py; do not edit. */\n"
        f"{trimmed}\n"
    )


def _without_unused(css: str) -> str:
    """Walks the rules; a rule loses the selectors of unused components, and goes when none is left."""
    kept: list[str] = []
    position = 0
    while position < len(css):
        opening = css.find("{", position)
        if opening == -1:
            kept.append(css[position:])
            break
        head, end = css[position:opening], _closing(css, opening)
        body = css[opening + 1 : end]
        position = end + 1
        while ";" in head:  # @charset, @import: statements without a block
            statement, head = head.split(";", 1)
            kept.append(statement + ";")
        if head.startswith("@") and not head.startswith("@keyframes"):
            inner = _without_unused(body) if "{" in body else body
            if inner:
                kept.append(f"{head}{{{inner}}}")
            continue
        selectors = [part for part in _selectors(head) if not _UNUSED.search(part)]
        if selectors and "url(/assets" not in body:
            kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def _closing(css: str, opening: int) -> int:
    depth = 0
    for place in range(opening, len(css)):
        depth += {"{": 1, "}": -1}.get(css[place], 0)
        if depth == 0:
            return place
    raise ValueError("a brace is not closed")


def _selectors(head: str) -> list[str]:
    """Splits at commas that stand outside parentheses."""
    parts, depth, current = [], 0, ""
    for character in head:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
