"""Passwords: changed by who has them, chosen by who got a link."""

from hyperion_control.domain import names, secrets_text
from hyperion_control.domain import passwords as rules
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.errors import Invalid, Unauthorised
from hyperion_control.store import attempts, challenges, credentials, links, logins, users
from hyperion_control.store.users import User
from hyperion_control.usecases import guessing, notifications, proof
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

NO_LINK = "this link is not good any more: ask for a new one"


def change(parts: Parts, actor: Actor, current: str, new: str, code: str | None) -> None:
    """A one-time password is not asked for again: it went with the login that it gave."""
    user = proof.user_of(parts, actor)
    if not user.password_once:
        user = proof.both(parts, actor, current, code)
    hashed = _hashed(parts, user, new)
    with parts.audit.acting(Entry(actor, "password:change", user.id)):
        _set(parts, user.id, hashed, but=actor.login_id)


def ask_reset(parts: Parts, origin: Origin, name: str) -> None:
    """Answered alike for every name. Without mail, admins see the wish in the audit."""
    with parts.database.reading("*") as connection:
        user = users.named(connection, names.fold(name))
        account = guessing.account_of(parts, user, name)
        home = logins.home_of(connection, user.id if user else "")
    guessing.try_link(parts, origin)
    parts.audit.note(Entry(Actor(origin, organisation_id=home), "password:ask", account))
    # Whoever was named, the same is done now; the worker finds out whether there is anybody.
    queue = notifications.letter(parts, "password-reset", user.id if user else "", once=account)
    with parts.database.writing("*", alone="alerts") as connection:
        notifications.add(connection, queue)


def reset(parts: Parts, origin: Origin, secret: str, new: str) -> None:
    """By a link, once. Starts no login: the second factor is asked for there."""
    with parts.database.reading("*") as connection:
        link = links.find(connection, secrets_text.hashed(secret), parts.clock())
        user = users.get(connection, link.user_id) if link and link.user_id else None
    if link is None or link.purpose != links.PASSWORD or not credentials.may_sign_in(user):
        guessing.try_link(parts, origin)
        raise Unauthorised(NO_LINK, code="link-ended")
    hashed = _hashed(parts, user, new)
    asker = Actor(origin, organisation_id=link.organisation_id)
    with parts.audit.acting(Entry(asker, "password:reset", user.id)):
        _set(parts, user.id, hashed, link_id=link.id)


def refuse_weak(password: str, user: User) -> None:
    if sentence := rules.complaint(password, (user.username, user.name, user.email or "")):
        raise Invalid(sentence, code="weak-password")


def _hashed(parts: Parts, user: User, new: str) -> str:
    refuse_weak(new, user)
    return parts.hasher.hash(new)


def _set(parts: Parts, user_id: str, hashed: str, *, but: str = "", link_id: str = "") -> None:
    now = parts.clock()
    with parts.database.writing("*") as connection:
        if link_id and not links.use(connection, link_id, now):
            raise Unauthorised(NO_LINK, code="link-ended")
        credentials.set_password(connection, user_id, hashed)
        attempts.clear(connection, guessing.PASSWORD, user_id)
        logins.revoke_all(connection, user_id, now, but=but)
        challenges.end_all(connection, user_id)
        notifications.add(connection, notifications.letter(parts, "password-changed", user_id))
