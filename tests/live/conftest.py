"""An sshd that tests of orders reach, one for each file of them."""

from collections.abc import Iterator

import pytest

from hyperion_control.runners.line import Way
from lab.orders import mark, pool  # noqa: F401  fixtures
from lab.sshd import Sshd, sshd
from lab.ways import to_sshd


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with sshd() as server:
        yield server


@pytest.fixture
def way(server: Sshd) -> Way:
    return Way(to_sshd(server))
