"""A school's computer for each test, and where wanted a pretend server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.client.command import Computer
from tests.client.pretend_server import PretendServer, serving


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    made = Computer(tmp_path)
    made.write()
    return made


@pytest.fixture
def server() -> Iterator[PretendServer]:
    with serving() as running:
        yield running


@pytest.fixture
def enrolled(computer: Computer, server: PretendServer) -> Computer:
    assert computer.enrol(server.address).code == 0
    return computer
