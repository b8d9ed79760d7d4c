"""A folder or a ZIP of files at its root, read without trust: nothing is ever unpacked to disk (input 39)."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from hwb.client.mis.reading import LARGEST, ReadError, content_of
from hwb.extract.texts import N_, Text

RATIO = 100
MOST_FILES = 1000
#: What zipfile and its decompressors raise for damaged, encrypted or unknown archives.
_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, NotImplementedError)


class Archive:
    """The files of one source by name, each read when asked for. Raises ReadError for an archive that is unsafe."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._folder = source.is_dir()
        if not self._folder:
            _judge(source)

    def read(self, name: str) -> bytes | None:
        """The bytes of the file `name` at the root, None when it is not there."""
        if self._folder:
            path = self._source / name
            return content_of(path) if path.is_file() else None
        try:
            with zipfile.ZipFile(self._source) as archive:
                return archive.read(name) if name in archive.NameToInfo else None
        except _FAULTS:
            raise _not_zip() from None


def _judge(source: Path) -> None:
    """Judges the directory of a ZIP before a single byte of it is unpacked."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    except _FAULTS:
        raise _not_zip() from None
    if len({entry.filename for entry in entries}) != len(entries):
        raise _not_zip()
    if any(_is_unsafe(entry) for entry in entries):
        raise ReadError("unsafe_zip", Text(N_("The source is neither a folder nor a ZIP file.")))
    unpacked = sum(entry.file_size for entry in entries)
    swollen = any(entry.file_size > RATIO * max(entry.compress_size, 1) for entry in entries)
    if unpacked > LARGEST or swollen or len(entries) > MOST_FILES:
        raise ReadError("too_large", Text(N_("The source is larger than 50 MiB.")))


def _is_unsafe(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16)


def _not_zip() -> ReadError:
    return ReadError("not_zip", Text(N_("The source is neither a folder nor a ZIP file.")))
