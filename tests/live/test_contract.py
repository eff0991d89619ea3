"""The server keeps what /openapi.json says, whatever is sent to it, and lets nobody past it."""

import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.inhabited import Inhabited, inhabited
from lab.ours import BIN

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
# What it generates for a text that is too long can make the address too long.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 414, 415, 422, 428, 429]
# 503 is said in the document: there is no Prometheus here to know of other machines.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""
# Who calls these has no login left to ask the rest with: it deletes by ids that it was shown.
PARTING = ("auth_logout", "auth_refresh", "logins_end", "logins_end_of_member")
EXAMPLES = 3
LONGEST_SECONDS = 900


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Inhabited]:
    with inhabited(tmp_path) as found:
        yield found


def headers(api: Inhabited, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.people.login(who)}"} if who else {}


def knows_me(api: Inhabited, headers: dict[str, str]) -> bool:
    request = urllib.request.Request(f"{api.server.url}/api/me", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False


def schemathesis(api: Inhabited, folder: Path, headers: dict[str, str]) -> str:
    """What it has to say after asking for everything as whoever sends these headers."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    argv = [BIN / "schemathesis", "--no-color", "run", f"{api.server.url}/openapi.json"]
    argv += ["--phases=coverage,fuzzing", f"--checks={','.join(CHECKS)}", "--continue-on-failure"]
    argv += [f"--max-examples={EXAMPLES}", "--suppress-health-check=all", "--warnings=off"]
    # The same requests each time: a test that fails today fails tomorrow as well.
    argv += ["--generation-deterministic", "--workers=2"]
    argv += [f"--exclude-operation-id={name}" for name in PARTING]
    argv += [f"--header={name}: {value}" for name, value in headers.items()]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("who", ["ada", "otto", ""], ids=["admin", "observer", "nobody"])
def test_whoever_sends_whatever_is_answered_as_the_document_says(
    api: Inhabited, tmp_path: Path, who: str
) -> None:
    sent = headers(api, who)
    said = schemathesis(api, tmp_path, sent)
    found = re.search(r"Selected: (\d+)/(\d+)\n +Tested: (\d+)\n", said)
    assert found
    selected, known, tested = map(int, found.groups())
    assert selected == tested == known - len(PARTING)
    # Had the login ended on the way, all that came after would have been asked by nobody.
    assert knows_me(api, sent) == bool(who)
