"""`make check`: runs every check, also after one has failed, and says which did.

python -m tools.check [NAME …] runs those named only.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "style": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "types": [str(BIN / "mypy")],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "django": [str(BIN / "django-admin"), "check", "--fail-level=WARNING", "--settings=hwb.config.settings"],
    "migrations": [
        str(BIN / "django-admin"), "makemigrations", "--check", "--dry-run", "--settings=hwb.config.settings",
    ],
    "translations": [sys.executable, "-m", "tools.translations"],
    "documents": [sys.executable, "-m", "tools.documents"],
}  # fmt: skip


def main(names: list[str]) -> int:
    failed = []
    for name in names or CHECKS:
        began = time.monotonic()
        done = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({took:.1f} s)", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else "check: all is well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
