"""Variables of the environment as values; each fault is one sentence that names the variable."""

import base64
import binascii
import difflib
import re
import stat
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from hyperion_control.errors import StartRefused

PREFIX = "HYPERION_"
# As alike as DATABASE_ULR and DATABASE_URL; other programs' HYPERION_ variables are less.
LIKENESS = 0.75
KEY_BYTES = 32
SERVER = r"https?://([^/@\s?#]+@)?[^/@\s?#]+(/[^\s?#]*)?"
ORIGIN = r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?"


def refuse_mistyped(env: Mapping[str, str], names: Sequence[str]) -> None:
    endings = [name.removeprefix(PREFIX) for name in names]
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in names:
            continue
        # Compared without the prefix, which alone would make every two of them alike.
        near = difflib.get_close_matches(name.removeprefix(PREFIX), endings, 1, LIKENESS)
        if near:
            raise StartRefused(f"{name} is unknown: did you mean {PREFIX}{near[0]}?")


def secret(env: Mapping[str, str], name: str) -> str:
    """Its value, or what is in the file that NAME_FILE names, as Docker and systemd hand it on."""
    value, file = env.get(name, ""), env.get(f"{name}_FILE", "")
    if value and file:
        raise StartRefused(f"{name} and {name}_FILE are both set: leave one of them out")
    return text_of(Path(file), f"{name}_FILE") if file else value


def text_of(file: Path, name: str) -> str:
    """What a file holds, without the newline at its end."""
    try:
        found = file.read_text().removesuffix("\n").removesuffix("\r")
    except OSError as fault:
        said = f"{name} is '{file}', which cannot be read: {fault.strerror}"
        raise StartRefused(said) from None
    except UnicodeDecodeError:
        raise StartRefused(f"{name} is '{file}', which is not a text") from None
    if not found:
        raise StartRefused(f"{name} is '{file}', which is empty")
    return found


def refuse_open(file: Path) -> None:
    if file.exists() and file.stat().st_mode & stat.S_IRWXO:
        raise StartRefused(f"everybody on this machine may read {file}: run chmod 600 {file}")


def key(text: str, name: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != KEY_BYTES:
        # Never repeated in the sentence: it may be the right key with one letter too many.
        raise StartRefused(
            f"{name} is no key: write 32 bytes as base64, such as openssl rand -base64 32 gives"
        )
    return found


def choice(env: Mapping[str, str], name: str, first: str, *others: str) -> str:
    """The first is what it is when nothing is set."""
    value = env.get(name) or first
    if value not in (first, *others):
        raise StartRefused(f"{name} is {value!r}: write {' or '.join((first, *others))}")
    return value


def number(env: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = env.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) > most:
        raise StartRefused(f"{name} is {value!r}: write a number from 0 to {most}")
    return int(value)


def origin(text: str, name: str) -> str:
    if not re.fullmatch(ORIGIN, text):
        raise StartRefused(
            f"{name} is {text!r}: write https://NAME or https://NAME:PORT, without a path"
        )
    return text


def server(env: Mapping[str, str], name: str, port: int) -> str:
    """Where another server is: by default on this machine."""
    url = (secret(env, name) or f"http://127.0.0.1:{port}").rstrip("/")
    if not re.fullmatch(SERVER, url):
        # Never repeated in the sentence: it may hold a password.
        raise StartRefused(
            f"{name} is no address: write http://NAME:PORT, with a path if it has one"
        )
    return url


def origins(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(origin(each, name) for each in _listed(env, name))


def networks(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(_network(each, name) for each in _listed(env, name))


def _listed(env: Mapping[str, str], name: str) -> list[str]:
    return [each for each in re.split(r"[,\s]+", env.get(name, "")) if each]


def _network(text: str, name: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        said = f"{name} has {text!r}: write networks such as 10.0.0.0/8, with commas between them"
        raise StartRefused(said) from None
