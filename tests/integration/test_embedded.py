"""The embedded PostgreSQL under its keeper: real processes, really killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import platformdirs
import psycopg
import pytest

import hwb
from hwb import embedded
from hwb.embedded.binaries import find_binaries

OWNER = (
    "import sys, time; from pathlib import Path; from hwb import embedded; "
    "print(embedded.ensure(Path(sys.argv[1])), flush=True); sys.stdin.read()"
)

OWNER_LOOKING = (
    "import sys; from pathlib import Path; from hwb import embedded; home = Path(sys.argv[1]); embedded.ensure(home); "
    "import json; root = Path(json.loads((home / 'database.json').read_text())['root']); "
    "pid = (root / 'data/postmaster.pid').read_text().split()[0]; print(Path(f'/proc/{pid}/exe').readlink())"
)
NOBODY = 65534


@pytest.fixture
def owners() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts other processes that own a database; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, *, python: str = sys.executable, **options: object) -> subprocess.Popen[str]:
        owner = subprocess.Popen(
            [python, "-c", OWNER, str(home)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options,
        )  # type: ignore[call-overload]  # fmt: skip
        started.append(owner)
        return owner

    yield start
    for owner in started:
        owner.kill()
        owner.communicate()


def address_of(owner: subprocess.Popen[str]) -> str:
    assert owner.stdout is not None
    return owner.stdout.readline().strip()


def keeper_pid(home: Path) -> int:
    return int(json.loads((home / "keeper.json").read_text())["pid"])


def data_folder(home: Path) -> Path:
    return Path(json.loads((home / "database.json").read_text())["root"]) / "data"


def server_pid(home: Path) -> int:
    return int((data_folder(home) / "postmaster.pid").read_text().splitlines()[0])


def family(pid: int) -> list[int]:
    """A process and its children, from /proc."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                children.append(int(status.parent.name))
    return [pid, *children]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    """Waits for a condition; returns how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def answers(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=1) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def test_a_new_home_gets_a_database_of_its_own(fresh_home: Path) -> None:
    """The application owns database hwb, in UTF-8, with checksums, and has no superuser's rights."""
    with psycopg.connect(embedded.ensure(fresh_home)) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole, current_setting('server_encoding'),"
            " current_setting('data_checksums'), current_setting('synchronous_commit'),"
            " pg_get_userbyid(datdba), upper('ŵ')"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
    assert row == ("hwb", False, False, False, "UTF8", "on", "on", "hwb", "Ŵ")


def test_nobody_else_can_enter(fresh_home: Path) -> None:
    """The data folder is closed to others, secrets are their owner's, and a wrong password is refused."""
    dsn = embedded.ensure(fresh_home)
    assert stat.S_IMODE(data_folder(fresh_home).stat().st_mode) == 0o700
    assert stat.S_IMODE(data_folder(fresh_home).parent.stat().st_mode) == 0o700
    for secret in fresh_home.glob("*.secret"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    secret = (fresh_home / "database-hwb.secret").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn.replace(secret, "guess"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn.replace("//hwb:", "//postgres:"))


def test_many_processes_at_once_get_one_keeper(fresh_home: Path, owners: Callable[..., subprocess.Popen[str]]) -> None:
    """Six processes that ask at the same moment for a new home share one database and one keeper."""
    addresses = {address_of(owner) for owner in [owners(fresh_home) for _ in range(6)]}
    assert len(addresses) == 1
    assert answers(addresses.pop())
    kept_by = subprocess.run(
        ["pgrep", "-f", f"hwb.embedded.keeper {fresh_home}$"], capture_output=True, text=True, check=False
    )
    assert kept_by.stdout.split() == [str(keeper_pid(fresh_home))]


def test_the_database_stops_after_its_last_owner(
    fresh_home: Path, owners: Callable[..., subprocess.Popen[str]]
) -> None:
    """It outlives one owner's kill -9 while another is left, and stops within seconds of the last."""
    first, second = owners(fresh_home), owners(fresh_home)
    dsn = address_of(first)
    assert address_of(second) == dsn
    server = server_pid(fresh_home)
    first.kill()
    first.wait()
    assert answers(dsn)
    second.kill()
    second.wait()
    wait_until(lambda: not embedded.is_kept(fresh_home), 8)
    assert not is_running(server)
    assert not (data_folder(fresh_home) / "postmaster.pid").exists()


def test_what_was_committed_is_there_at_the_next_start(fresh_home: Path) -> None:
    """Stopping and starting loses nothing, and the address stays the same."""
    dsn = embedded.ensure(fresh_home)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE word AS SELECT 'bore da' AS text")
    embedded.stop(fresh_home)
    assert not answers(dsn)
    assert embedded.ensure(fresh_home) == dsn
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT text FROM word").fetchone() == ("bore da",)


def test_a_killed_server_comes_back_by_itself(fresh_home: Path) -> None:
    """After kill -9 of every PostgreSQL process the database answers within 10 seconds, nothing lost (F6)."""
    dsn = embedded.ensure(fresh_home)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE number AS SELECT generate_series(1, 50000) AS value")
    for pid in family(server_pid(fresh_home)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: answers(dsn), 10)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM number").fetchone() == (50000,)


def test_a_killed_parent_process_alone_comes_back(fresh_home: Path) -> None:
    """Kill -9 of the postmaster, with its children left to notice by themselves, heals as well."""
    dsn = embedded.ensure(fresh_home)
    os.kill(server_pid(fresh_home), signal.SIGKILL)
    wait_until(lambda: answers(dsn), 10)


def test_a_killed_keeper_takes_the_server_with_it(fresh_home: Path) -> None:
    """PostgreSQL never outlives its keeper; the owner's next call starts both again at the same address."""
    dsn = embedded.ensure(fresh_home)
    server = server_pid(fresh_home)
    os.kill(keeper_pid(fresh_home), signal.SIGKILL)
    wait_until(lambda: not is_running(server), 5)
    assert not embedded.is_kept(fresh_home)
    began = time.monotonic()
    assert embedded.ensure(fresh_home) == dsn
    assert answers(dsn)
    assert time.monotonic() - began < 10


def test_keeper_and_server_killed_at_once_come_back(fresh_home: Path) -> None:
    """With every process killed, a pid file remains; the next call is not misled by it."""
    dsn = embedded.ensure(fresh_home)
    killed = [keeper_pid(fresh_home), *family(server_pid(fresh_home))]
    for pid in killed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in killed), 5)
    assert embedded.ensure(fresh_home) == dsn
    assert answers(dsn)


def test_a_stale_pid_file_harms_nobody(fresh_home: Path) -> None:
    """A pid file that names a foreign living process: that process lives on, and the database starts."""
    dsn = embedded.ensure(fresh_home)
    pid_file = data_folder(fresh_home) / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    embedded.stop(fresh_home)
    stranger = subprocess.Popen(["sleep", "60"], **as_owner_of(data_folder(fresh_home)))
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        assert embedded.ensure(fresh_home) == dsn
        assert answers(dsn)
        embedded.stop(fresh_home)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def as_owner_of(path: Path) -> dict[str, int]:
    """subprocess arguments that make a process one of the user who owns `path`."""
    return {"user": path.stat().st_uid, "group": path.stat().st_gid} if os.geteuid() == 0 else {}


def test_a_long_path_is_served_over_loopback(fresh_home: Path) -> None:
    """A socket's path has about 100 bytes; below a longer home the server listens on 127.0.0.1 only."""
    home = fresh_home.parent / ("x" * 60) / ("y" * 60) / "home"
    home.parent.mkdir(parents=True)
    for folder in (home.parent, home.parent.parent):
        folder.chmod(0o755)
    dsn = embedded.ensure(home)
    try:
        assert "@127.0.0.1:" in dsn
        assert answers(dsn)
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    finally:
        embedded.remove(home)


def test_a_broken_initialisation_is_begun_again(fresh_home: Path) -> None:
    """A folder half made when the power went is thrown away, not used."""
    embedded.ensure(fresh_home)
    embedded.remove(fresh_home)
    half = fresh_home / "database" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert answers(embedded.ensure(fresh_home))


def test_data_of_another_version_are_refused_plainly(fresh_home: Path) -> None:
    """Data made by another PostgreSQL are left alone, and the message says both versions."""
    embedded.ensure(fresh_home)
    embedded.stop(fresh_home)
    (data_folder(fresh_home) / "PG_VERSION").write_text("15\n")
    with pytest.raises(embedded.EmbeddedDatabaseUnavailable, match="PostgreSQL 15"):
        embedded.ensure(fresh_home)
    assert not embedded.is_kept(fresh_home)


def test_nothing_personal_reaches_the_log(fresh_home: Path) -> None:
    """Neither a statement nor a value of it is written when it fails (I16)."""
    with psycopg.connect(embedded.ensure(fresh_home), autocommit=True) as connection:
        connection.execute("CREATE TABLE person (upn text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('H671100018007')")
        for statement in (
            "INSERT INTO person VALUES ('H671100018007')",
            "SELECT 'H671100018007'::date",
            "SELECT H671100018007",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    assert "H671100018007" not in (fresh_home / "postgres.log").read_text().upper()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that PostgreSQL's user cannot enter")
def test_root_may_keep_its_home_below_a_closed_folder(fresh_home: Path) -> None:
    """HWB_HOME below a folder for root alone: the data lie where PostgreSQL's user can reach them."""
    closed = fresh_home.parent / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    try:
        dsn = embedded.ensure(home)
        assert answers(dsn)
        assert closed not in data_folder(home).parents
        assert data_folder(home).stat().st_uid != 0
        assert sorted(closed.glob("home/*.secret"))
    finally:
        embedded.remove(home)
    assert not data_folder_left(home)


def data_folder_left(home: Path) -> bool:
    return (home / "database.json").exists()


def copy_programs(site: Path) -> None:
    """A site folder with the wheel's programs, as pip would have put them there."""
    package = find_binaries().root.parent
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("pginstall", "*.a"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), site / f"{package.name}.libs")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that PostgreSQL's user cannot enter")
def test_root_may_keep_the_programs_below_a_closed_folder(fresh_home: Path) -> None:
    """With .venv below a folder for root alone, a copy of the programs is run, made once."""
    closed = Path(tempfile.mkdtemp(prefix="hwb-closed-"))  # 0700
    try:
        copy_programs(closed)
        environment = {**os.environ, "PYTHONPATH": str(closed)}
        programs = set()
        for _ in range(2):
            owner = subprocess.run(
                [sys.executable, "-c", OWNER_LOOKING, str(fresh_home)],
                env=environment, input="", capture_output=True, text=True, check=True,
            )  # fmt: skip
            programs.add(Path(owner.stdout.strip()))
            embedded.stop(fresh_home)
        (program,) = programs
        assert program.name == "postgres"
        assert closed not in program.parents
    finally:
        shutil.rmtree(closed)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.system("python3")
def test_an_ordinary_user_runs_it_as_themselves(owners: Callable[..., subprocess.Popen[str]]) -> None:
    """Started by an ordinary user, keeper and PostgreSQL are that user's, and the home is theirs alone."""
    folder = Path(tempfile.mkdtemp(prefix="hwb-user-"))
    home = folder / "home"
    try:
        site = folder / "site"
        copy_programs(site)
        for module in (hwb, platformdirs):
            source = Path(str(module.__file__)).parent
            shutil.copytree(source, site / source.name)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        owner = owners(
            home, python="/usr/bin/python3", user=NOBODY, group=NOBODY, extra_groups=[], cwd="/",
            env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert "host=" in address_of(owner)
        assert data_folder(home).parent == home / "database"
        assert Path(f"/proc/{server_pid(home)}").stat().st_uid == NOBODY
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        owner.kill()
        wait_until(lambda: not embedded.is_kept(home), 8)
    finally:
        shutil.rmtree(folder)
