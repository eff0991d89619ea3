"""The settings of the control API, read from the environment once, at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from hyperion_control import environment, notifying
from hyperion_control.errors import StartRefused
from hyperion_control.notifying import Notifying

SECRETS = (
    "HYPERION_ALERTMANAGER_URL",
    "HYPERION_DATABASE_URL",
    "HYPERION_PROMETHEUS_URL",
    "HYPERION_SECRET_KEY",
    *notifying.SECRETS,
)
NAMES = (
    "HYPERION_AUDIT_HEADS",
    "HYPERION_AUDIT_KEEP_DAYS",
    "HYPERION_CORS_ORIGINS",
    "HYPERION_DATA",
    "HYPERION_LISTEN",
    "HYPERION_OPEN_REGISTRATION",
    "HYPERION_PROMETHEUS_TOKEN",
    "HYPERION_PUBLIC_URL",
    "HYPERION_RUNBOOKS",
    "HYPERION_SECOND_FACTOR",
    "HYPERION_TRUSTED_PROXIES",
    "HYPERION_VMAUTH_CONFIG",
    *notifying.NAMES,
    *SECRETS,
    *(f"{name}_FILE" for name in SECRETS),
)
CHECKOUT = Path(__file__).resolve().parents[2]
HUNDRED_YEARS = 36_500


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str, name: str) -> "Address":
        """`name` is what the person wrote it as: a variable or a flag."""
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+):([0-9]{1,5})", text)
        if match is None or not 1 <= int(match[2]) <= 65535:
            raise StartRefused(f"{name} is {text!r}: write HOST:PORT, such as 127.0.0.1:8080")
        return cls(match[1].strip("[]"), int(match[2]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    data: Path
    database_url: str = field(repr=False)  # may hold a password
    listen: Address
    runbooks: Path
    public_url: str  # as people's browsers see us
    secret_key: bytes | None = field(repr=False)  # None: init has not been run yet
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]  # whose word on the client counts
    cors_origins: tuple[str, ...]
    open_registration: bool
    second_factor_for_all: bool  # otherwise for those who can act
    audit_keep_days: int  # 0: for ever
    audit_heads: str  # a second place for the head of the chain
    prometheus_url: str = field(repr=False)  # this and the next may hold a password
    alertmanager_url: str = field(repr=False)
    prometheus_token: Path | None = None  # the file that we keep one in for it
    vmauth_config: Path | None = None  # the file that vmauth reads
    notifying: Notifying = Notifying()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """An empty variable counts as not set, because Compose passes those on."""
        environment.refuse_mistyped(env, NAMES)
        data = Path(env.get("HYPERION_DATA") or "var/control").absolute()
        listen = Address.parse(env.get("HYPERION_LISTEN") or "127.0.0.1:8080", "HYPERION_LISTEN")
        url = (env.get("HYPERION_PUBLIC_URL") or f"http://{listen}").rstrip("/")
        registration = environment.choice(env, "HYPERION_OPEN_REGISTRATION", "no", "yes")
        second_factor = environment.choice(env, "HYPERION_SECOND_FACTOR", "actors", "all")
        return cls(
            data=data,
            database_url=_database_url(environment.secret(env, "HYPERION_DATABASE_URL"), data),
            listen=listen,
            runbooks=_runbooks(env.get("HYPERION_RUNBOOKS")),
            public_url=environment.origin(url.lower(), "HYPERION_PUBLIC_URL"),
            secret_key=_secret_key(env, data),
            trusted_proxies=environment.networks(env, "HYPERION_TRUSTED_PROXIES"),
            cors_origins=environment.origins(env, "HYPERION_CORS_ORIGINS"),
            open_registration=registration == "yes",
            second_factor_for_all=second_factor == "all",
            audit_keep_days=environment.number(
                env, "HYPERION_AUDIT_KEEP_DAYS", 365, most=HUNDRED_YEARS
            ),
            audit_heads=env.get("HYPERION_AUDIT_HEADS") or str(data / "audit" / "heads.log"),
            prometheus_url=environment.server(env, "HYPERION_PROMETHEUS_URL", port=9090),
            alertmanager_url=environment.server(env, "HYPERION_ALERTMANAGER_URL", port=9093),
            prometheus_token=_file(env.get("HYPERION_PROMETHEUS_TOKEN")),
            vmauth_config=_file(env.get("HYPERION_VMAUTH_CONFIG")),
            notifying=Notifying.from_env(env),
        )


def _file(path: str | None) -> Path | None:
    return Path(path).absolute() if path else None


def secret_key_file(data: Path) -> Path:
    """Where init puts the key that it makes when none is given."""
    return data / "secret.key"


def _secret_key(env: Mapping[str, str], data: Path) -> bytes | None:
    file = Path(env.get("HYPERION_SECRET_KEY_FILE") or secret_key_file(data))
    given = environment.secret(env, "HYPERION_SECRET_KEY")
    if env.get("HYPERION_SECRET_KEY"):
        return environment.key(given, "HYPERION_SECRET_KEY")
    if not file.exists() and not given:
        return None
    environment.refuse_open(file)
    return environment.key(
        given or environment.text_of(file, "HYPERION_SECRET_KEY_FILE"), str(file)
    )


def _database_url(url: str, data: Path) -> str:
    if not url:
        return f"sqlite:///{data / 'control.sqlite'}"
    # Never repeated in the sentence: it may hold a password.
    if not re.match(r"(sqlite:///.|postgresql(\+psycopg)?://.)", url):
        raise StartRefused(
            "HYPERION_DATABASE_URL is no address of a database:"
            " write sqlite:////FOLDER/FILE or postgresql://USER@HOST/NAME"
        )
    return url


def _runbooks(folder: str | None) -> Path:
    if not folder:
        return CHECKOUT / "prometheus" / "runbooks"
    path = Path(folder).absolute()
    if not path.is_dir():
        raise StartRefused(f"HYPERION_RUNBOOKS is {folder!r}, which is not a folder")
    return path
