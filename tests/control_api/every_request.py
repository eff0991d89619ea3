"""For every route a request that fits it, so that only who asks decides what is answered."""

import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from control_api.people import ACME, GLOBEX, PASSWORD, People
from control_api.world import (
    ALERT,
    HASH,
    HOST_KEY,
    INITECH,
    KINDS,
    SESSION,
    Kind,
    Person,
    World,
    id_of_row,
)
from hyperion_control.border import cookies
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.domain.roles import Role
from hyperion_control.store.links import INVITATION
from hyperion_control.store.links import PASSWORD as RESET

NEW = "eleven purple lanterns"
PROOF = {"password": PASSWORD, "code": "{code}"}
CREDENTIALS = {"username": "{username}", "password": PASSWORD}
ACCOUNT = {"username": "{new}", "name": "New"}
TOLD = {
    "version": "4",
    "receiver": "feed",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "MachineDown"},
            "startsAt": "2026-11-21T02:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "{fingerprint}",
        }
    ],
}
TWICE = {"new_password": NEW, "again": NEW}
START = "900-95adb6e8-bf20-48cc-91a0-0dbe8e055a39"

# What is not here is sent without a body.
JSON: dict[str, dict[str, Any]] = {
    "DELETE /api/me": PROOF,
    "DELETE /api/me/second-factor": PROOF,
    "PATCH /api/groups/<group_id>": {"colour": "#00ff00"},
    "PATCH /api/machines/<machine_id>": {"notes": "in the cellar"},
    "PATCH /api/machines/<machine_id>/maintenance": {"minutes": 5},
    "PATCH /api/me": {"name": "Newly named"},
    "PATCH /api/organisations/<organisation_id>": {"name": "acme {new}"},
    "PATCH /api/organisations/<organisation_id>/members/<user_id>": {"role": "operator"},
    "PATCH /api/receivers/<receiver_id>": {"enabled": False},
    "PATCH /api/routes/<route_id>": {"enabled": False},
    "PATCH /api/users/<user_id>": {"name": "Newly named"},
    "POST /api/agents/enrol": {"token": "{enrolment}", "fingerprint": "{print}", "name": "{new}"},
    "POST /api/alerts/webhook": TOLD,
    "POST /api/auth/2fa/verify/": {"token": "{challenge}", "code": "{code}"},
    "POST /api/auth/api-login/": CREDENTIALS,
    "POST /api/auth/login/": CREDENTIALS,
    "POST /api/auth/password-reset": {"username": "{username}"},
    "POST /api/auth/password-reset/<secret>": {"password": NEW},
    "POST /api/auth/step-up": {"code": "{code}"},
    "POST /api/auth/token": {**CREDENTIALS, "code": "{code}"},
    "POST /api/auth/token/verify": {"token": "{bearer}"},
    "POST /api/commands": {"argv": ["uptime"], "machines": ["{machine_id}"]},
    "POST /api/commands/<command_id>/approve": {"hash": HASH},
    "POST /api/commands/<command_id>/reject": {"hash": HASH},
    "POST /api/enrolments": {},
    "POST /api/groups": {"name": "{new}", "colour": "#00ff00"},
    "POST /api/invitations": {"role": "observer"},
    "POST /api/invitations/accept": {"secret": "{invitation}"},
    "POST /api/machines": {"name": "{new}"},
    "POST /api/machines/<machine_id>/maintenance": {"minutes": 5, "reason": "new disk"},
    "POST /api/machines/<machine_id>/services/<unit>/disable": {},
    "POST /api/machines/<machine_id>/services/<unit>/enable": {},
    "POST /api/machines/<machine_id>/services/<unit>/mask": {},
    "POST /api/machines/<machine_id>/services/<unit>/reload": {},
    "POST /api/machines/<machine_id>/services/<unit>/restart": {},
    "POST /api/machines/<machine_id>/services/<unit>/start": {},
    "POST /api/machines/<machine_id>/services/<unit>/stop": {},
    "POST /api/machines/<machine_id>/services/<unit>/unmask": {},
    "POST /api/named/<organisation>/<machine>/maintenance": {"minutes": 5, "reason": "new disk"},
    "POST /api/named/<organisation>/<machine>/services/<unit>/restart": {},
    "POST /api/machines/<machine_id>/processes/<pid>/kill": {"start": START},
    "POST /api/machines/<machine_id>/processes/<pid>/renice": {"start": START, "nice": 5},
    "POST /api/machines/<machine_id>/processes/<pid>/signal": {"start": START, "signal": "TERM"},
    "POST /api/me/recovery-codes": {"code": "{code}"},
    "POST /api/me/second-factor": PROOF,
    "POST /api/organisations": {"name": "{new}"},
    "POST /api/policies": {"role": "operator", "effect": "deny", "words": ["{new}"]},
    "POST /api/receivers": {"name": "{new}", "kind": "mail", "address": "{new}@example.org"},
    "POST /api/routes": {"receiver_id": "{receiver}"},
    "POST /api/ssh-keys": {"name": "{new}"},
    "POST /api/tokens": {"name": "script", "scopes": ["sd:read"]},
    "POST /api/tokens/<token_id>/rotate": {},
    "POST /api/updates": {"machines": ["{machine_id}"]},
    "POST /api/users": {**ACCOUNT, "role": "observer"},
    "POST /api/users/register": {**ACCOUNT, "password": NEW, "organisation": "of {new}"},
    "PUT /api/logins/current": {"organisation": ACME},
    "PUT /api/machines/<machine_id>/host-key": {"fingerprint": fingerprint(HOST_KEY)},
    "PUT /api/me/email": {"email": "{new}@example.org"},
    "PUT /api/me/password": {"current": PASSWORD, "new": NEW, "code": "{code}"},
    "PUT /api/me/second-factor": {"code": "{code}"},
    "PUT /api/ssh-keys/<key_id>/certificate": {"certificate": ""},
}
FORMS: dict[str, dict[str, str]] = {
    "POST /commands/<command_id>/approval": {"hash": HASH, "what": "approve"},
    "POST /invitation/<secret>": {**ACCOUNT, **TWICE},
    "POST /login": CREDENTIALS,
    "POST /login/code": {"code": "{code}"},
    "POST /machines/<machine_id>/host-key": {"fingerprint": fingerprint(HOST_KEY)},
    "POST /machines/<machine_id>/maintenance": {
        "what": "begin",
        "minutes": "60",
        "reason": "new disk",
    },
    "POST /machines/<machine_id>/processes/<pid>": {"start": START, "what": "TERM"},
    "POST /machines/<machine_id>/run": {"words": "uptime"},
    "POST /organisation": {"organisation": ACME},
    "POST /password": {**PROOF, **TWICE},
    "POST /password/<secret>": TWICE,
    "POST /recovery-codes": {"code": "{code}"},
    "POST /second-factor": PROOF,
    "POST /second-factor/confirm": {"code": "{code}"},
}
# Somebody, once they are asked for.
Made = Callable[[], Person]

NO_NAMES: dict[str, str] = {}
PHOTO = "PUT /api/me/photo"
TABLES = {"POST /api/machines/import": "name\n{new}\n"}
# What can be done only with a machine in maintenance.
IN_MAINTENANCE = {
    f"{method} /api/machines/<machine_id>/maintenance" for method in ("PATCH", "DELETE")
}


@dataclass(frozen=True)
class Asked:
    route: str
    kind: Kind | None
    answer: TestResponse

    @property
    def outcome(self) -> str:
        """The status, or where a page leads on to: the path, with ids by their kind."""
        path = self.answer.headers.get("Location", "").partition("?")[0]
        onward = re.sub(r"(cmd|mch)_\w+", r"\1", path)
        return onward if self.answer.status_code == 303 else str(self.answer.status_code)


def routes(app: Flask) -> Iterator[str]:
    """By method and address; what Flask adds by itself is asked for elsewhere."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule}"


@dataclass(frozen=True)
class Request:
    """Ready to be sent: all that it is about is there."""

    route: str
    kind: Kind | None
    client: FlaskClient
    method: str
    path: str
    body: dict[str, Any]

    def send(self, **more: Any) -> Asked:
        sent = {"method": self.method, **self.body, **more}
        return Asked(self.route, self.kind, self.client.open(self.path, **sent))


class Asker:
    def __init__(self, app: Flask, people: People, world: World) -> None:
        self._app = app
        self._people = people
        self._world = world
        # Looking spoils nobody.
        self._who_looks = cache(world.person)
        self._numbers = itertools.count(1)

    def ask(self, route: str, who: str, scope: str = "", **more: Any) -> Asked:
        return self.prepare(route, who, scope).send(**more)

    def prepare(
        self, route: str, who: str, scope: str = "", names: Mapping[str, str] = NO_NAMES
    ) -> Request:
        """By somebody of this kind, about somebody of acme whom nobody changed before."""
        kind, (method, _, rule) = KINDS[who], route.partition(" ")
        person = self._who_looks if method == "GET" else self._world.person
        # Each made when it is first named: most requests are about nobody else.
        about = cache(lambda: person(Kind(Role.OBSERVER)))
        asker = cache(lambda: person(kind, scope)) if kind else about
        client = self._client(kind, asker)
        if route == "POST /login/code":
            with client.session_transaction() as session:
                session[cookies.CHALLENGE] = self._world.challenge(about().id, "browser")
        if method in ("PATCH", "DELETE"):
            client.environ_base["HTTP_IF_MATCH"] = "*"
        filling = self._names(rule, kind, asker, about)
        filling["machine_id"] = lambda: self._world.machine(worked_on=route in IN_MAINTENANCE)
        filling.update({name: lambda name=name: names[name] for name in names})
        body = {name: filled(value, filling) for name, value in body_of(route).items()}
        return Request(route, kind, client, method, filled(gaps(rule), filling), body)

    def _client(self, kind: Kind | None, asker: Made) -> FlaskClient:
        client = self._app.test_client()
        # Each from elsewhere, so that no limit for an address is met.
        number = next(self._numbers)
        client.environ_base["REMOTE_ADDR"] = f"198.18.{number >> 8}.{number & 255}"
        if kind:
            bearer = asker().token if kind.token else asker().login
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
        if kind and kind.visits:
            client.environ_base["HTTP_X_ORGANISATION"] = kind.visits
        return client

    def _names(self, rule: str, kind: Kind | None, asker: Made, about: Made) -> "Names":
        """Where a route is about what is one's own, a neighbour asks for what is not."""
        stranger = kind is None or kind.organisation == GLOBEX
        owner = about if stranger or rule.startswith("/api/users/") else asker
        world = self._world
        return Names(
            user_id=lambda: about().id,
            username=lambda: about().name,
            new=lambda: f"new-{about().name}",
            login_id=lambda: id_of_row("lgn", owner().other_login),
            token_id=lambda: id_of_row("tok", owner().token),
            invitation_id=lambda: id_of_row("lnk", world.link(INVITATION, ACME)),
            organisation_id=lambda: ACME,
            organisation=lambda: "acme",
            machine=world.machine_name,
            enrolment=world.enrolment,
            enrolment_id=lambda: id_of_row("enr", world.enrolment()),
            print=lambda: f"{next(self._numbers):064x}",
            record_id=lambda: world.record,
            session_id=lambda: SESSION,
            command_id=world.command,
            group_id=world.group,
            pid=lambda: "36",
            policy_id=world.policy,
            task_id=world.task,
            alert_id=world.alert,
            fingerprint=lambda: f"{next(self._numbers):x}",
            receiver=world.receiver,
            receiver_id=world.receiver,
            route_id=world.route,
            key_id=world.ssh_key,
            name=lambda: ALERT,
            unit=lambda: "nginx.service",
            verb=lambda: "restart",
            invitation=lambda: world.link(INVITATION, INITECH),
            secret=lambda: world.link(RESET, user=about().id),
            challenge=lambda: world.challenge(about().id, "api"),
            bearer=lambda: asker().login,
            code=self._people.code,
        )


class Names(dict[str, Any]):
    """What fills the gaps of a request; nothing is made that it has no gap for."""

    def __getitem__(self, name: str) -> str:
        return str(super().__getitem__(name)())


def gaps(rule: str) -> str:
    """The address with its {gaps}; the pages' invitations are other links than passwords'."""
    if rule.startswith("/invitation/"):
        rule = rule.replace("secret", "invitation")
    return rule.replace("<", "{").replace(">", "}")


def body_of(route: str) -> dict[str, Any]:
    """As the test client takes it, still with its {gaps}."""
    if route == PHOTO:
        return {"data": picture(), "content_type": "image/png"}
    if route in TABLES:
        return {"data": TABLES[route], "content_type": "text/csv"}
    if route in FORMS:
        return {"data": FORMS[route]}
    return {"json": JSON[route]} if route in JSON else {}


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    return drawn.getvalue()


def filled(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    return value.format_map(names) if isinstance(value, str) else value
