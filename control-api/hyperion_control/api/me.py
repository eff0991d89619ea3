"""What people see and decide of themselves."""

from typing import Any

from flask_openapi3 import APIBlueprint, RawModel

from hyperion_control.api import answers
from hyperion_control.api.answers import NOTHING, MembershipAnswer, UserAnswer
from hyperion_control.border import bodies, versions
from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.border.fields import Code, Email, Language, Password, TimeZone, Title
from hyperion_control.border.models import Body, Path
from hyperion_control.border.repeatable import repeatable
from hyperion_control.usecases import me, organisations, photos, privacy
from hyperion_control.usecases.me import Oneself

bp = APIBlueprint("me", __name__, url_prefix="/api/me")


class OneselfAnswer(UserAnswer):
    organisation_id: str | None
    memberships: list[MembershipAnswer]
    duties: list[str]


class ProfileBody(Body):
    """What is left out stays."""

    name: Title = ""
    language: Language = "en"
    time_zone: TimeZone = "UTC"


class EmailBody(Body):
    email: Email | None


class EraseBody(Body):
    password: Password
    code: Code = ""


class LeftOrganisationPath(Path):
    organisation_id: str


class Picture(RawModel):
    mimetypes = ["image/jpeg", "image/png"]


@bp.get("", summary="Who am I", responses={200: OneselfAnswer})
@repeatable
@signed_in(duties=False)
def look() -> Any:
    """Tell who is signed in, in which organisation, with which roles and duties."""
    return _answer(me.look(parts(), actor()))


@bp.patch("", summary="Change my profile", responses={200: OneselfAnswer})
@signed_in()
def change(body: ProfileBody) -> Any:
    """Change one's name, language and time zone."""
    changes = body.model_dump(exclude_unset=True)
    return _answer(me.change(parts(), actor(), changes, versions.if_match()))


@bp.put("/email", summary="Change my e-mail address", responses={200: OneselfAnswer})
@signed_in(step_up=True)
def change_email(body: EmailBody) -> Any:
    """Change one's address; one signs in with it unless another account had it first."""
    return _answer(me.change(parts(), actor(), {"email": body.email}, None))


@bp.delete("", summary="Erase me", responses=NOTHING)
@signed_in(duties=False)
def erase(body: EraseBody) -> Any:
    """Erase all that is kept of oneself, with password and a fresh code. There is no way back."""
    privacy.erase_oneself(parts(), actor(), body.password, body.code)
    return "", 204


@bp.put("/consent", summary="Consent", responses={200: OneselfAnswer})
@signed_in()
def consent() -> Any:
    """Consent to what the sessions need to keep of oneself."""
    privacy.consent(parts(), actor(), given=True)
    return _answer(me.look(parts(), actor()))


@bp.delete("/consent", summary="Revoke my consent", responses={200: OneselfAnswer})
@signed_in()
def revoke_consent() -> Any:
    """Take the consent back; no session can be opened until it is given again."""
    privacy.consent(parts(), actor(), given=False)
    return _answer(me.look(parts(), actor()))


@bp.get("/export", summary="Export my data")
@signed_in()
def export() -> Any:
    """Give everything that is kept of oneself, but secrets, as JSON."""
    name = {"Content-Disposition": 'attachment; filename="hyperion-me.json"'}
    return privacy.export(parts(), actor()), 200, name


@bp.put("/photo", summary="Change my photo", responses=NOTHING)
@signed_in()
@bodies.up_to(photos.MAX_BYTES)
def put_photo(raw: Picture) -> Any:
    """Send a JPEG or PNG of at most 5 MB; kept is a JPEG of at most 512 pixels a side."""
    photos.put(parts(), actor(), raw.get_data())
    return "", 204


@bp.delete("/photo", summary="Remove my photo", responses=NOTHING)
@signed_in()
def remove_photo() -> Any:
    """Remove one's photo."""
    photos.remove(parts(), actor())
    return "", 204


@bp.delete("/organisations/<organisation_id>", summary="Leave an organisation", responses=NOTHING)
@signed_in()
def leave(path: LeftOrganisationPath) -> Any:
    """Leave an organisation; one's tokens there end."""
    organisations.leave(parts(), actor(), path.organisation_id)
    return "", 204


def _answer(found: Oneself) -> Any:
    roles = {joined.organisation_id: joined.role for joined in found.memberships}
    body = {
        **answers.user(found.user, roles.get(actor().organisation_id or "")),
        "organisation_id": actor().organisation_id,
        "memberships": [answers.membership(joined) for joined in found.memberships],
        "duties": list(actor().duties),
    }
    return body, 200, versions.etag(found.user.version)
