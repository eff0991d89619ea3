"""Settings of who is told of alerts, and of the mails that we send ourselves."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from hyperion_control import environment
from hyperion_control.errors import StartRefused

SECRETS = (
    "HYPERION_DISCORD_URL",
    "HYPERION_SLACK_URL",
    "HYPERION_SMTP_URL",
    "HYPERION_TEAMS_URL",
)
NAMES = (
    "HYPERION_ALARM_MAIL",
    "HYPERION_ALERTMANAGER_CONFIG",
    "HYPERION_AMTOOL",
    "HYPERION_MAIL_FROM",
    "HYPERION_QUIET_HOURS",
    "HYPERION_RECEIVER_NETWORKS",
)
ADDRESS = r"[^@\s<>,;:\"']{1,64}@[^@\s<>,;:\"']{1,189}"
MAIL_SERVER = r"smtps?://([^/@\s?#]+@)?([^/@\s?#:\[\]]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?/?"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


@dataclass(frozen=True)
class Smtp:
    host: str
    port: int
    tls: bool  # from the first byte; otherwise by STARTTLS
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def local(self) -> bool:
        """On this machine, where a relay needs no TLS."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class Quiet:
    """Hours of the day in which nothing but what is critical is told."""

    begin: str  # such as 22:00
    end: str
    time_zone: str

    @classmethod
    def parse(cls, text: str) -> "Quiet":
        match = re.fullmatch(rf"({CLOCK})-({CLOCK}) (\S+)", text)
        if match is None or match[1] == match[2]:
            raise ValueError(f"{text!r} are no hours: write such as 22:00-07:00 Europe/Paris")
        try:
            ZoneInfo(match[3])
        except (OSError, ValueError, KeyError):
            raise ValueError(
                f"there is no time zone {match[3]!r}: write such as Europe/Paris"
            ) from None
        return cls(match[1], match[2], match[3])

    def __str__(self) -> str:
        return f"{self.begin}-{self.end} {self.time_zone}"


@dataclass(frozen=True)
class Notifying:
    smtp: Smtp | None = None  # None: no mail is sent
    alarm_mail: str = ""
    slack_url: str = field(default="", repr=False)
    discord_url: str = field(default="", repr=False)
    teams_url: str = field(default="", repr=False)
    quiet: Quiet | None = None
    alertmanager_config: Path | None = None  # the file that we write; None: somebody else does
    amtool: Path | None = None  # which checks that file; None: there is none
    # Where receivers of organisations may be although it is no public place.
    receiver_networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Notifying":
        config = env.get("HYPERION_ALERTMANAGER_CONFIG")
        return cls(
            smtp=_smtp(env),
            alarm_mail=_address(env, "HYPERION_ALARM_MAIL"),
            slack_url=_url(env, "HYPERION_SLACK_URL"),
            discord_url=_url(env, "HYPERION_DISCORD_URL"),
            teams_url=_url(env, "HYPERION_TEAMS_URL"),
            quiet=_quiet(env),
            alertmanager_config=Path(config).absolute() if config else None,
            amtool=_amtool(env),
            receiver_networks=environment.networks(env, "HYPERION_RECEIVER_NETWORKS"),
        )


def _smtp(env: Mapping[str, str]) -> Smtp | None:
    text, sender = environment.secret(env, "HYPERION_SMTP_URL"), _address(env, "HYPERION_MAIL_FROM")
    if not text:
        return None
    url = urlsplit(text)
    if not re.fullmatch(MAIL_SERVER, text) or not url.hostname:
        # Never repeated in the sentence: it may hold a password.
        raise StartRefused("HYPERION_SMTP_URL is no address: write smtps://USER:PASSWORD@NAME:PORT")
    if not sender:
        raise StartRefused("HYPERION_MAIL_FROM is missing: write the address that mails come from")
    tls = url.scheme == "smtps"
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return Smtp(url.hostname, url.port or (465 if tls else 587), tls, sender, user, password)


def _address(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "")
    if text and not re.fullmatch(ADDRESS, text):
        raise StartRefused(f"{name} is {text!r}: write an e-mail address")
    return text


def _url(env: Mapping[str, str], name: str) -> str:
    text = environment.secret(env, name)
    if text and not re.fullmatch(r"https?://[^\s@]+", text):
        # Never repeated in the sentence: who knows it can write to the channel.
        raise StartRefused(f"{name} is no address: write the https:// address of the channel")
    return text


def _amtool(env: Mapping[str, str]) -> Path | None:
    named = env.get("HYPERION_AMTOOL")
    found = shutil.which(named or "amtool", path=env.get("PATH", ""))
    if named and not found:
        raise StartRefused(f"HYPERION_AMTOOL is {named!r}, which is no program")
    return Path(found).absolute() if found else None


def _quiet(env: Mapping[str, str]) -> Quiet | None:
    text = env.get("HYPERION_QUIET_HOURS")
    try:
        return Quiet.parse(text) if text else None
    except ValueError as fault:
        raise StartRefused(f"HYPERION_QUIET_HOURS: {fault}") from None
