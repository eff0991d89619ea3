"""The program: what it cannot obey it says and ends; what fails it tries again."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.agent import cli, files
from hyperion_exporter.agent.cli import SURE_SECONDS, WAIT_SECONDS, Agent
from hyperion_exporter.agent.files import BadFile, Config, Identity
from hyperion_exporter.agent.home import Away, Home, Refused

OLD = Identity("agt_1", "mch_1", "web-1", "2026-11-22T03:00:00Z", "old")
BEAT = {"now": "2026-11-21T03:00:00Z", "expires_at": "2026-11-22T03:00:00Z", "seconds": 60}


class Answering(Home):
    """The control API, as far as a heartbeat goes."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("https://hyperion.example.org", 64 * "a")
        self.answers = {"heartbeat": BEAT, "renew": {"secret": "new", "expires_at": "later"}}
        self.answers |= answers
        self.waits: list[float] = []

    def ask(self, path: str, body: Mapping[str, Any] | None = None, wait: float = 0) -> Any:
        answer = self.answers[path]
        self.waits.append(wait)
        if isinstance(answer, Exception):
            raise answer
        return answer


def agent(state: Path, home: Home) -> Agent:
    return Agent(Config("https://hyperion.example.org", state=str(state)), home, OLD)


def test_a_secret_that_ends_soon_is_renewed_and_kept(tmp_path: Path) -> None:
    home = Answering()
    assert agent(tmp_path, home)._beat() == 60
    kept = files.identity(tmp_path)
    assert kept and (kept.secret, home.secret) == ("new", "new")


def test_a_question_that_was_lost_is_asked_for_a_shorter_time(tmp_path: Path) -> None:
    home = Answering(tasks={"waiting": [], "cancel": [], "update": ""})
    ours = agent(tmp_path, home)
    ours._fetch()
    home.answers["tasks"], news = Away("a proxy cut it"), home.answers["tasks"]
    with pytest.raises(Away):
        ours._fetch()
    home.answers["tasks"] = news
    for _ in range(WAIT_SECONDS - SURE_SECONDS + 2):
        ours._fetch()
    assert home.waits[:4] == [WAIT_SECONDS, WAIT_SECONDS, SURE_SECONDS, SURE_SECONDS + 1]
    assert home.waits[-2:] == [WAIT_SECONDS, WAIT_SECONDS]


def test_a_secret_that_could_not_be_kept_is_not_asked_for(tmp_path: Path) -> None:
    """The disk is full, say: once there is a new one, the old one is good for an hour."""
    home = Answering(renew=AssertionError("it was asked for"))
    with pytest.raises(OSError):
        agent(tmp_path / "gone", home)._beat()
    assert home.secret == "old"


def test_no_token_is_used_up_where_nothing_can_be_kept(tmp_path: Path) -> None:
    gone, token = tmp_path / "gone", tmp_path / "token"
    token.write_text("hyp_e_any")
    config = Config("https://hyperion.example.org", state=str(gone), token_file=str(token))
    home = Answering(enrol=AssertionError("it was used up"))
    with pytest.raises(BadFile, match=f"{gone} cannot be written: No such file"):
        cli._enrolled(config, home, threading.Event())
    assert token.exists()


def test_a_round_survives_whatever_happens_in_it(tmp_path: Path) -> None:
    one, taken = agent(tmp_path, Answering()), []
    one.stop = Impatient()

    def step() -> float:
        taken.append("step")
        if len(taken) < 3:
            raise KeyError("an answer that nobody thought of")
        one.stop.set()
        return 0

    one._round(step)
    assert len(taken) == 3


def test_who_is_nobody_any_more_stops(tmp_path: Path) -> None:
    gone = Refused(401, "unauthorised", "this agent has ended")
    one = agent(tmp_path, Answering(heartbeat=gone))
    assert one.work() == "this agent has ended"


@pytest.mark.parametrize("text", ["", "url = 5", 'url = "http://hyperion.example.org"'])
def test_what_cannot_be_obeyed_is_status_2(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    assert cli.main(["--config", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"hyperion-agent: {path}: ")


@pytest.mark.parametrize(("text", "why"), [(None, "No such file"), ("nobody", "")])
def test_who_has_nobody_to_trust_says_so(
    tmp_path: Path, text: str | None, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted, path = tmp_path / "ca.pem", tmp_path / "agent.toml"
    if text:
        trusted.write_text(text)
    path.write_text(f'url = "https://hyperion.example.org"\nca_file = "{trusted}"\n')
    assert cli.main(["--config", str(path)]) == 2
    said = f"hyperion-agent: ca_file {trusted} holds nobody to trust: {why}"
    assert capsys.readouterr().err.startswith(said)


class Impatient(threading.Event):
    """Waits for nothing."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()
