"""One embedded PostgreSQL for the whole session, and a database in it for each test process.

It is started by the first test that asks for a database: pure tests run without it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from hwb import embedded

# The same examples each time: a red build then means a change. `make seek` looks further (HWB_TEST_SEEK).
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("seek", deadline=None)
hypothesis.settings.load_profile("seek" if os.environ.get("HWB_TEST_SEEK") else "steady")

_IS_CONTROLLER = "PYTEST_XDIST_WORKER" not in os.environ
_FOLDER = Path(tempfile.mkdtemp(prefix="hwb-tests-")) if _IS_CONTROLLER else None

# Nothing of the developer's own settings may reach a test.
for _name in [name for name in os.environ if name.startswith("HWB_") and not name.startswith("HWB_TEST_")]:
    if _IS_CONTROLLER:
        del os.environ[_name]
if _FOLDER is not None:
    _FOLDER.chmod(0o711)  # PostgreSQL's user passes through when the tests run as root
    os.environ["HWB_HOME"] = str(_FOLDER / "home")
    os.environ["HWB_CLIENT_HOME"] = str(_FOLDER / "client")
    os.environ["HWB_WORKER_POLL_SECONDS"] = "1"


def pytest_unconfigure() -> None:
    if _FOLDER is not None and _FOLDER.exists():
        if (_FOLDER / "home").exists():
            embedded.remove(_FOLDER / "home")
        shutil.rmtree(_FOLDER, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.system("xmlsec1")` names the programs, and so the Debian packages, that a test needs."""
    for marker in item.iter_markers("system"):
        missing = [program for program in marker.args if shutil.which(program) is None]
        if missing:
            pytest.skip(f"needs the Debian package(s): {', '.join(missing)}")


@pytest.fixture(scope="session")
def embedded_home() -> Path:
    """The home of the session's own PostgreSQL, running."""
    home = Path(os.environ["HWB_HOME"])
    embedded.ensure(home)
    return home


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    embedded_home: Path,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Lets the application's role make test databases, which it may not elsewhere."""
    with psycopg.connect(embedded.superuser_dsn(embedded_home), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # two test processes alter one row
        connection.execute("ALTER ROLE hwb CREATEDB")


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """An empty HWB_HOME of its own, whose database is stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hwb-home-"))
    folder.chmod(0o711)
    yield folder / "home"
    if (folder / "home").exists():
        embedded.remove(folder / "home")
    shutil.rmtree(folder, ignore_errors=True)
