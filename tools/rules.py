"""Renders docs/rules.md from the spec tests' docstrings: `python -m tools.rules`; with --check it only compares."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/rules.md"
_RULE = re.compile(r"(R\d+|Undo)\b")
_HEAD = """# The rules, as tested

Made from the spec tests by `python -m tools.rules`; each sentence is a test that fails when it is no longer true.
"""


def render() -> str:
    """The page: a section a rule, a line a sentence, with the test that shows it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests/spec").glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            rule = _RULE.match(text or "")
            if text and rule and isinstance(node, ast.FunctionDef):
                sentence = " ".join(text.split())
                found[rule[1]].append(f"- {sentence} (`{path.stem}.{node.name}`)")
    order = sorted(found, key=lambda rule: int(rule[1:]) if rule[1:].isdigit() else 1000)
    return _HEAD + "".join(f"\n## {rule}\n\n" + "\n".join(found[rule]) + "\n" for rule in order)


def main() -> int:
    """Writes the page, or says that it is not the tests' any more."""
    text = render()
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text("utf-8") == text
        print("rules: up to date" if same else "docs/rules.md: make it anew with python -m tools.rules")
        return 0 if same else 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
