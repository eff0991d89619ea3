"""A real PostgreSQL with nothing in it, in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.programs import environment, program
from lab.servers import free_port, running

NOBODY = 65534  # PostgreSQL refuses to run as root


@contextmanager
def postgres(
    version: str | None = None, parent: Path | None = None, *, durable: bool = False
) -> Iterator[str]:
    """Start PostgreSQL, below a folder if one is named, and return its address as an URL."""
    initdb, server = program("initdb", version), program("postgres", version)
    user = NOBODY if os.geteuid() == 0 else None
    port = free_port()
    # Not a test's own folder: only the user who runs the tests may look into that one.
    home = Path(tempfile.mkdtemp(prefix="hyperion-postgres-", dir=parent))
    try:
        if user is not None:
            os.chown(home, user, user)
        subprocess.run(
            [str(initdb), f"--pgdata={home}/data", "--username=postgres", "--auth=trust"]
            + ["--encoding=UTF8", "--no-locale", "--no-sync"],
            env=environment(initdb),
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd=home,
            check=True,
            capture_output=True,
        )
        argv = [server, "-D", home / "data", "-k", home, "-h", "127.0.0.1", "-p", port]
        if not durable:  # speed for a database that nobody will miss
            argv += ["-F", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        state = home / "data/postmaster.pid"
        with running(argv, home / "log", lambda: "ready" in state.read_text(), cwd=home, user=user):
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(home)
