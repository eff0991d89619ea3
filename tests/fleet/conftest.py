"""Tests that act on machines through the API have its fixtures, and a machine that it reaches.

Who fails shows the last that each machine wrote into its journal: nobody can look there later.
"""

from collections.abc import Generator, Iterator
from contextlib import suppress
from subprocess import TimeoutExpired
from threading import Thread
from typing import cast

import pytest
from flask import Flask
from werkzeug.serving import make_server

from control_api.conftest import (  # noqa: F401  fixtures
    _assembled,
    _on_sqlite,
    app,
    clock,
    databases,
    parts,
    settings,
)
from control_api.people import People, as_, people  # noqa: F401  fixtures
from hyperion_control.domain import ssh_keys as key_texts
from hyperion_control.usecases import ssh_keys
from lab.errands import add_machine, working
from lab.fleet import Fleet, Machine
from lab.orders import mark, pool  # noqa: F401  fixtures
from lab.ways import to_machine

SUDO = """
for name in may asks; do
  id $name 2>/dev/null && continue
  useradd -m $name && cp -r /root/.ssh /home/$name && chown -R $name /home/$name/.ssh || exit
done
# What newer ones do by themselves.
echo 'Defaults use_pty' >/etc/sudoers.d/pty
echo 'may ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/may
"""
NGINX = "/run/systemd/system/nginx.service"
LAST_WORDS = "journalctl --no-pager --output=short-precise | grep -v ' sshd' | tail -40"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for machine in cast(Fleet, item.funcargs.get("fleet", ())):
            with suppress(TimeoutExpired):
                said = machine.ssh("sh", "-c", LAST_WORDS)
                report.sections.append((f"journal of {machine.name}", said.stdout))
    return report


@pytest.fixture
def reached(people: People, fleet: Fleet) -> Iterator[str]:  # noqa: F811
    """The id of the first machine of the fleet, with a worker that reaches it by SSH."""
    pair, hop = key_texts.read(fleet[0].key.read_text()), to_machine(fleet[0])
    key = ssh_keys.create(people.parts, people.actor("ada"), "fleet", pair)
    way = {"runner": "ssh", "hostname": hop.address, "host_key": hop.host_key}
    made = add_machine(people.parts, fleet[0].name, ssh_key_id=key.id, **way)
    with working(people.parts):
        yield made


@pytest.fixture(scope="module")
def with_sudo(fleet: Fleet) -> Machine:
    """It lets one login do everything, and asks the other for a password."""
    fleet[2].done(SUDO)
    return fleet[2]


@pytest.fixture
def url(app: Flask) -> Iterator[str]:  # noqa: F811
    """Of the API, for programs that ask it over the wire."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def nginx(fleet: Fleet) -> Iterator[Machine]:
    """A machine with a service of that name, which does not run."""
    machine = fleet[0]
    machine.put(NGINX, b"[Service]\nExecStart=/bin/sleep 9999\n")
    machine.done("systemctl daemon-reload")
    yield machine
    machine.done(f"systemctl stop nginx; rm {NGINX}; systemctl daemon-reload")
