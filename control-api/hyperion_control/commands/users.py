"""The commands for accounts, when nobody can sign in to look after them."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing

from hyperion_control.commands.ready import ready_parts
from hyperion_control.domain.roles import Role
from hyperion_control.settings import Settings
from hyperion_control.store.memberships import Member
from hyperion_control.usecases import caretaker
from hyperion_control.usecases.invitations import Handed


def members(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        for member in caretaker.members(parts, args.organisation):
            yield _row(member)


def create(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        role = Role.parse(args.role)
        link = caretaker.create(parts, args.organisation, args.name, role)
        yield from _handed(settings, link)


def disable(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        caretaker.disable(parts, args.name)
    yield f"{args.name} is signed out everywhere and cannot sign in."


def enable(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        caretaker.enable(parts, args.name)
    yield f"{args.name} can sign in again."


def reset_password(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        yield from _handed(settings, caretaker.reset_password(parts, args.name))


def reset_second_factor(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        caretaker.reset_second_factor(parts, args.name)
    yield f"{args.name} sets up a new second factor at the next login."


def _row(member: Member) -> str:
    user = member.user
    facts = (
        "platform admin" if user.platform_admin else "",
        "" if user.totp_seed else "no second factor",
        "disabled" if user.disabled_at else "",
    )
    said = ", ".join(fact for fact in facts if fact)
    return f"{user.username:<24} {member.role!s:<10} {said}".rstrip()


def _handed(settings: Settings, link: Handed) -> Iterator[str]:
    yield "Shown only now; whoever opens it first chooses the password:"
    yield f"  {settings.public_url}/password/{link.secret}"
    yield f"  good until {link.link.expires_at:%Y-%m-%d %H:%M} UTC"
