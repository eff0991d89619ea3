"""What the line for a new machine gets: the script, and the package that it checks."""

from flask import Response
from flask_openapi3 import APIBlueprint

from hyperion_control.border.context import open_to_all, parts
from hyperion_control.usecases import handout

bp = APIBlueprint("handout", __name__)


@bp.get("/install.sh", summary="The script that installs exporter and agent")
@open_to_all
def script() -> Response:
    """Give the script; it holds no secret, and says what it does before it does it."""
    text = handout.script("install.sh", parts().settings.public_url)
    return Response(text, content_type="text/x-shellscript; charset=utf-8")


@bp.get("/install.ps1", summary="The script that installs exporter and agent on Windows")
@open_to_all
def windows_script() -> Response:
    """Give the script; it holds no secret, and says what it does before it does it."""
    text = handout.script("install.ps1", parts().settings.public_url)
    return Response(text, content_type="text/plain; charset=utf-8")


@bp.get("/install/package.zip", summary="What the script installs")
@open_to_all
def package() -> Response:
    """Give the exporter and the agent in one file, whose checksum stands in the script."""
    return Response(handout.package(), content_type="application/zip")
