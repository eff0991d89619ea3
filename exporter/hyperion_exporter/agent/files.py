"""What the agent reads and keeps: its configuration, its policy and its identity."""

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hyperion_exporter.sources.this_machine import ThisMachine, this_machine

ANY_WORDS = "**"
ROOM_BYTES = 4096  # an identity takes a tenth of it


class BadFile(Exception):
    """A file that cannot be obeyed; the sentence says which and why."""


@dataclass(frozen=True)
class Config:
    url: str
    state: str = "/var/lib/hyperion-agent"
    token_file: str = "/etc/hyperion/agent.token"  # noqa: S105  where it is, not what
    policy_file: str = "/etc/hyperion/agent-policy.toml"
    metrics_url: str = "http://127.0.0.1:9100/metrics"  # empty: none are brought
    name: str = ""  # of the machine; empty: its hostname
    ca_file: str = ""  # whom TLS trusts; empty: those of the system
    # Metrics go there as well, by Prometheus' remote write; empty: nowhere.
    remote_write_url: str = ""
    remote_write_token_file: str = ""
    remote_write_password_file: str = ""  # NAME:PASSWORD
    remote_write_ca_file: str = ""
    allow_http: bool = False  # for a lab: whoever is in between reads and changes all of it


@dataclass(frozen=True)
class Policy:
    """What may be done here, whatever is asked for; by default nothing is run."""

    run: bool = False
    users: tuple[str, ...] = ()  # beside the agent's own
    commands: tuple[tuple[str, ...], ...] = ()  # each word by word; * is any, ** the rest
    update: bool = True  # whether home may bring another version of these programs

    def refusal(self, argv: tuple[str, ...], user: str) -> str:
        """Empty: it may be run."""
        if not self.run:
            return "the policy of this machine lets nothing be run here"
        if user and user not in self.users:
            return f"the policy of this machine lets nothing be run as {user}"
        if not any(_fits(pattern, argv) for pattern in self.commands):
            return f"the policy of this machine does not let {argv[0]} be run so"
        return ""


@dataclass(frozen=True)
class Identity:
    agent_id: str
    machine_id: str
    machine: str
    expires_at: str
    secret: str = field(repr=False)


def config(path: Path) -> Config:
    read = _table(path, Config)
    if "url" not in read:
        raise BadFile(f"{path}: url is missing: write where the control API is")
    found = Config(**read)
    _refuse_unsafe(path, "url", found.url, found.allow_http)
    if found.remote_write_url:
        _refuse_unsafe(path, "remote_write_url", found.remote_write_url, found.allow_http)
        if not found.metrics_url:
            raise BadFile(f"{path}: metrics_url is empty, so there is nothing to write anywhere")
    return found


def policy(path: Path) -> Policy:
    """Read for each order: a change holds from the next one on. No file allows nothing."""
    if not path.exists():
        return Policy()
    read = _table(path, Policy)
    commands = read.get("commands", [])
    if not all(isinstance(each, list) and each for each in commands):
        raise BadFile(f"{path}: commands is a list of lists of words")
    read["commands"] = tuple(tuple(map(str, each)) for each in commands)
    read["users"] = tuple(map(str, read.get("users", ())))
    return Policy(**read)


def identity(state: Path) -> Identity | None:
    path = state / "identity.json"
    try:
        return Identity(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as fault:
        raise BadFile(f"{path} cannot be read: {fault}") from None


def keep_identity(state: Path, found: Identity) -> None:
    """All of it or nothing, and for nobody else to read."""
    _written(state, json.dumps(asdict(found))).replace(state / "identity.json")


def prove_room(state: Path) -> None:
    """Raises OSError where no identity could be kept: home gives each one out only once."""
    _written(state, " " * ROOM_BYTES).unlink()


def _written(state: Path, text: str) -> Path:
    new = state / "identity.json.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return new


def fingerprint(machine: ThisMachine | None = None) -> str:
    """Of this machine; its own id is not to leave it (machine-id(5))."""
    try:
        own = (machine or this_machine()).own_id()
    except OSError as fault:
        raise BadFile(f"{fault.filename} cannot be read: {fault.strerror}") from None
    return hashlib.sha256(f"hyperion-agent {own}".encode()).hexdigest()


def _table(path: Path, kind: type[Config | Policy]) -> dict[str, Any]:
    try:
        read = tomllib.loads(path.read_text())
    except OSError as fault:
        raise BadFile(f"{path} cannot be read: {fault.strerror}") from None
    except ValueError as fault:
        raise BadFile(f"{path} is not TOML: {fault}") from None
    _refuse_unknown(path, read, {each.name: each.default for each in fields(kind)})
    return read


def _refuse_unknown(path: Path, read: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for name, value in read.items():
        if name not in known:
            raise BadFile(f"{path}: there is no setting {name!r}: choose from {', '.join(known)}")
        kind = {bool: bool, tuple: list}.get(type(known[name]), str)
        if not isinstance(value, kind):
            raise BadFile(f"{path}: {name} is of another kind: write a {kind.__name__}")


def _refuse_unsafe(path: Path, name: str, url: str, allow_http: bool) -> None:
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    if scheme not in ("http", "https") or not host:
        raise BadFile(f"{path}: {name} is {url!r}: write https://NAME")
    if scheme == "http" and not allow_http and host not in ("127.0.0.1", "localhost"):
        said = f"{path}: {name} is not https, and allow_http does not say that it may be so"
        raise BadFile(said)


def _fits(pattern: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    if pattern[-1] == ANY_WORDS:
        pattern, argv = pattern[:-1], argv[: len(pattern) - 1]
    return len(pattern) == len(argv) and all(
        wanted in ("*", word) for wanted, word in zip(pattern, argv, strict=True)
    )
