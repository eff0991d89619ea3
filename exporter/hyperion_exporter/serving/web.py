"""The web configuration file, exporter-toolkit's own format: what it may say, and what it says."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hyperion_exporter.sources.bcrypt import HASH

TLS = "tls_server_config"
SECTIONS = {TLS: dict, "http_server_config": dict, "basic_auth_users": dict, "rate_limit": dict}
TLS_KEYS = {
    **dict.fromkeys(("cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file"), str),
    **dict.fromkeys(("client_auth_type", "min_version", "max_version"), str),
    **dict.fromkeys(("client_allowed_sans", "cipher_suites", "curve_preferences"), list),
    "prefer_server_cipher_suites": bool,
}
HTTP_KEYS = {"http2": bool, "headers": dict}
RATE_KEYS = {"interval": str, "burst": int}
# The values that a header may have; None leaves it to the writer.
HEADERS: dict[str, tuple[str, ...] | None] = {
    "Content-Security-Policy": None,
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": None,
}
WANTED = {
    str: "text (in quotes if need be)",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "keys with values",
}
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


class WebError(ValueError):
    """The file cannot be obeyed; the sentence names the key."""


@dataclass(frozen=True)
class Tls:
    """Path where a file was named, text where the PEM itself stands in the file."""

    cert: Path | str
    key: Path | str
    client_ca: Path | str | None = None
    client_auth_type: str = "NoClientCert"
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    curve_preferences: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True

    @property
    def files(self) -> list[Path]:
        sources = (self.cert, self.key, self.client_ca)
        return [source for source in sources if isinstance(source, Path)]


@dataclass(frozen=True)
class Rate:
    interval: float
    burst: int


@dataclass(frozen=True)
class Web:
    tls: Tls | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    rate: Rate | None = None


def read(path: Path) -> Web:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise WebError(f"cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise WebError("is no text in UTF-8") from None
    said = _section("", _parsed(text), SECTIONS)
    http = _section("http_server_config", said.get("http_server_config"), HTTP_KEYS)
    return Web(
        _tls(_section(TLS, said.get(TLS), TLS_KEYS), path.parent),
        _headers(http.get("headers", {})),
        _users(said.get("basic_auth_users", {})),
        _rate(said.get("rate_limit")),
    )


def _parsed(text: str) -> Any:
    # The library's own sentences quote the file, which may hold a secret.
    try:
        said = yaml.safe_load(text)
        twice = next(_repeated(yaml.compose(text, yaml.SafeLoader)), None)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise WebError(f"line {line}: this is no YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise WebError("is no YAML") from None
    if twice:
        raise WebError(f"line {twice.start_mark.line + 1}: {twice.value} stands here twice")
    return said


def _repeated(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Of two equal keys the library silently takes the second."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue  # no key of ours
        if key.value in seen:
            yield key
        seen.add(key.value)
        yield from _repeated(value)


def _section(where: str, said: Any, keys: Mapping[str, type]) -> dict[str, Any]:
    """What was said of these keys and no others, each of its type; null is as if not said."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise WebError(f"{where or 'the file'}: write {WANTED[dict]}")
    for key, value in said.items():
        place = f"{where}.{key}".lstrip(".")
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, n=1, cutoff=0.75)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(keys)}"
            raise WebError(f"{place} is no key of this file; {hint}")
        # Exactly this type: true counts as a number otherwise.
        if value is not None and type(value) is not keys[key]:
            raise WebError(f"{place}: write {WANTED[keys[key]]}")
    return {key: value for key, value in said.items() if value is not None}


def _tls(said: dict[str, Any], folder: Path) -> Tls | None:
    if not said:
        return None
    sources = {name: _source(said, name, folder) for name in ("cert", "key", "client_ca")}
    for name in ("cert", "key"):
        if sources[name] is None:
            raise WebError(f"{TLS}.{name}_file is missing")
    for key, value in said.items():
        if isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                raise WebError(f"{TLS}.{key}: each item is {WANTED[str]}")
            said[key] = tuple(value)
    return Tls(**sources, **said)  # type: ignore[arg-type]


def _source(said: dict[str, Any], name: str, folder: Path) -> Path | str | None:
    text, file = said.pop(name, ""), said.pop(f"{name}_file", "")
    if text and file:
        raise WebError(f"{TLS}: give {name} or {name}_file, not both")
    return text or (folder / file if file else None)


def _headers(said: dict[str, Any]) -> dict[str, str]:
    where = "http_server_config.headers"
    for name, value in _section(where, said, dict.fromkeys(HEADERS, str)).items():
        allowed = HEADERS[name]
        if value and allowed and value not in allowed:
            raise WebError(f"{where}.{name}: write {' or '.join(allowed)}")
        if not (value.isascii() and value.isprintable()):
            raise WebError(f"{where}.{name}: a header is one line of plain ASCII")
    return {name: value for name, value in said.items() if value}


def _users(said: dict[Any, Any]) -> dict[str, str]:
    for name, hashed in said.items():
        where = f"basic_auth_users.{name}"
        if not isinstance(name, str):
            raise WebError(f"{where}: write the name in quotes")
        if not isinstance(hashed, str) or not HASH.fullmatch(hashed):
            raise WebError(f"{where}: this is no bcrypt hash; make one with: htpasswd -nBC 10 ''")
    return said


def _rate(said: Any) -> Rate | None:
    if isinstance(said, dict) and said.get("interval") == 0:
        return None  # the usual way to switch it off
    said = _section("rate_limit", said, RATE_KEYS)
    text, burst = said.get("interval", ""), said.get("burst", 0)
    seconds = sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(text))
    if DURATION.sub("", text):
        raise WebError("rate_limit.interval: write a time such as 100ms, 1s or 1m30s")
    if seconds and burst < 1:
        raise WebError("rate_limit.burst: write at least 1, or no request would ever be answered")
    return Rate(seconds, burst) if seconds else None
