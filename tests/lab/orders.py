"""What tests of orders share: connections that are closed in the end, and a mark of their own."""

import os
import zlib
from collections.abc import Iterator

import pytest

from hyperion_control.runners.pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    """Seconds that no other sleep on this computer sleeps; its machines' are seen from here too."""
    return f"{os.getpid()}{zlib.crc32(request.node.name.encode()) % 1000:03}"
