"""Letters: mails to a person about their account, in their language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from hyperion_control.channels import mail
from hyperion_control.domain import limits
from hyperion_control.domain.actors import SYSTEM
from hyperion_control.store import credentials, links, users
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.users import User
from hyperion_control.usecases.invitations import hand_out
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


# The words are looked up in letters.*.po when a letter is written.
LETTERS = {
    "password-reset": Letter(
        "Choose a new password",
        "Hello {name},\n\nsomebody asked for a new password for your account {username}."
        " This link is good for one hour, once:\n\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is.",
    ),
    "password-changed": Letter(
        "Your password was changed",
        "Hello {name},\n\nthe password of your account {username} was just changed, and all other"
        " logins have ended.\n\nIf it was not you, ask an admin at once to disable the account.",
    ),
    "second-factor-changed": Letter(
        "Your second factor was changed",
        "Hello {name},\n\nanother second factor was just set up for your account {username}.\n\n"
        "If it was not you, ask an admin at once to disable the account.",
    ),
    "second-factor-removed": Letter(
        "Your second factor was removed",
        "Hello {name},\n\nthe second factor of your account {username} was just removed.\n\n"
        "If it was not you, ask an admin at once to disable the account.",
    ),
}
SIGNED = "Hyperion at {url}"


def send(parts: Parts, content: Mapping[str, Any]) -> None:
    """Nothing to somebody who is not there, cannot sign in or has no address."""
    smtp = parts.settings.notifying.smtp
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        user = users.get(connection, content["user"])
    if smtp is None or not credentials.may_sign_in(user) or not user.email:
        return
    kind = content["kind"]
    link = _link(parts, user) if kind == "password-reset" else ""
    subject, text = written(kind, user, parts.settings.public_url, link)
    mail.send(smtp, [user.email], subject, text)


def written(kind: str, user: User, url: str, link: str) -> tuple[str, str]:
    letter, said = LETTERS[kind], translate(user.language)
    names = {"name": user.name or user.username, "username": user.username, "link": link}
    text = f"{said(letter.text)}\n\n{said(SIGNED)}\n"
    return said(letter.subject), text.format(**names, url=url)


def translate(language: str) -> Translate:
    known = _catalogue(language)
    return lambda text: known.get(text, text)


def _link(parts: Parts, user: User) -> str:
    """Made here and now, so that no secret waits in the database to be sent."""
    what = {"purpose": links.PASSWORD, "user_id": user.id}
    with (
        parts.audit.acting(Entry(SYSTEM, "user:reset", user.id)),
        parts.database.writing(EVERY_ORGANISATION) as connection,
    ):
        links.remove_of_user(connection, user.id)
        handed = hand_out(connection, parts, SYSTEM, limits.RESET_LIFE, **what)
    return f"{parts.settings.public_url}/password/{handed.secret}"


@cache
def _catalogue(language: str) -> dict[str, str]:
    file = Path(__file__).with_name(f"letters.{language}.po")
    if not file.exists():
        return {}
    with file.open("rb") as source:
        return {
            str(each.id): str(each.string) for each in read_po(source) if each.id and each.string
        }
