"""Compiles the message catalogues into a wheel, so that an installed hwb needs no tool to speak Welsh."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds one .mo beside each .po of src/hwb/locale to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # the tree is read in place, and reads .po files itself
        root = Path(self.root)
        catalogues = _load_catalogue_reader(root / "src/hwb/extract/catalogue.py")
        for source in sorted((root / "src/hwb/locale").rglob("*.po")):
            compiled = root / "build/locale" / source.relative_to(root / "src/hwb").with_suffix(".mo")
            compiled.parent.mkdir(parents=True, exist_ok=True)
            compiled.write_bytes(catalogues.compile_catalogue(source.read_text("utf-8")))
            inside = source.relative_to(root / "src").with_suffix(".mo")
            build_data["force_include"][str(compiled)] = str(inside)


def _load_catalogue_reader(path: Path) -> Any:
    # Loaded by path: the package itself is not installed while its wheel is built.
    spec = importlib.util.spec_from_file_location("hwb_catalogue", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
