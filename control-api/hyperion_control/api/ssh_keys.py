"""The keys that we log in to machines with: only their public halves are ever shown."""

from datetime import datetime
from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import Name
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import ssh_keys as rules
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.domain.roles import Role
from hyperion_control.store.ssh_keys import SshKey
from hyperion_control.usecases import ssh_keys

bp = APIBlueprint("ssh_keys", __name__, url_prefix="/api/ssh-keys")
may_read = requires(Role.OBSERVER, scope="machines:read")
may_decide = requires(Role.ADMIN, step_up=True)


class SshKeyPath(Path):
    key_id: str


class SshKeyBody(Body):
    name: Name
    private_key: str = Field(
        "", max_length=20_000, description="In OpenSSH's or PEM form; empty: a new one is made."
    )
    passphrase: str = Field("", max_length=1024, description="Of the private key; not kept.")


class CertificateBody(Body):
    certificate: str = Field(
        max_length=20_000, description="A line such as ssh-keygen -s makes; empty: none any more."
    )


class SshKeyAnswer(Answer):
    id: str
    name: str
    public_key: str  # a line for authorized_keys
    fingerprint: str
    certificate: str
    certificate_until: datetime | None
    created_by: str
    created_at: datetime


@bp.get("", summary="List the SSH keys")
@may_read
def page(query: PageQuery) -> Any:
    """List the keys by name."""
    return pages.answer(ssh_keys.page(parts(), actor(), query.after, query.limit), _show)


@bp.post("", summary="Make an SSH key", responses={201: SshKeyAnswer})
@may_decide
def create(body: SshKeyBody) -> Any:
    """Make a key, or bring one in; its private half is sealed and never shown again."""
    pair = rules.read(body.private_key, body.passphrase) if body.private_key else rules.generate()
    made = ssh_keys.create(parts(), actor(), body.name, pair)
    return _show(made), 201, {"Location": f"/api/ssh-keys/{made.id}"}


@bp.get("/<key_id>", summary="Look at an SSH key", responses={200: SshKeyAnswer})
@may_read
def look(path: SshKeyPath) -> Any:
    """Look at the public half of a key and its certificate."""
    return _show(ssh_keys.look(parts(), actor(), path.key_id))


@bp.put("/<key_id>/certificate", summary="Certify an SSH key", responses={200: SshKeyAnswer})
@may_decide
def certify(path: SshKeyPath, body: CertificateBody) -> Any:
    """Use this certificate of the key wherever the key is used."""
    return _show(ssh_keys.certify(parts(), actor(), path.key_id, body.certificate.strip()))


@bp.delete("/<key_id>", summary="Delete an SSH key", responses=NOTHING)
@may_decide
def delete(path: SshKeyPath) -> Any:
    """Delete a key that no machine is reached with any more."""
    ssh_keys.delete(parts(), actor(), path.key_id)
    return "", 204


def _show(key: SshKey) -> dict[str, Any]:
    shown = {name: getattr(key, name) for name in SshKeyAnswer.model_fields if hasattr(key, name)}
    return SshKeyAnswer(
        **shown,
        public_key=f"{key.public} {key.name}",
        fingerprint=fingerprint(key.public),
        certificate_until=rules.good_until(key.certificate),
    ).model_dump(mode="json")
