"""All pages, as one blueprint: what is refused on them is answered with a page."""

from flask import Blueprint, Flask, request
from jinja2 import StrictUndefined

from hyperion_control.errors import BadRequest
from hyperion_control.web import (
    act,
    approval,
    command,
    commands,
    docs,
    files,
    home,
    host_key,
    invitation,
    language,
    login,
    logins,
    machine,
    machines,
    maintenance,
    network,
    order,
    organisation,
    password,
    process,
    processes,
    recovery_codes,
    refusals,
    run,
    second_factor,
    service,
    services,
)

PAGES: tuple[Blueprint, ...] = (
    home.bp,
    login.bp,
    password.bp,
    second_factor.bp,
    recovery_codes.bp,
    logins.bp,
    organisation.bp,
    invitation.bp,
    act.bp,
    machines.bp,
    machine.bp,
    host_key.bp,
    maintenance.bp,
    services.bp,
    service.bp,
    order.bp,
    processes.bp,
    process.bp,
    network.bp,
    run.bp,
    commands.bp,
    command.bp,
    approval.bp,
    docs.bp,
    files.bp,
)

# Of a field: longer than any that is taken, and short enough to cost nothing.
MOST_CHARACTERS = 1024

bp = Blueprint("web", __name__, template_folder="templates")
bp.register_error_handler(Exception, refusals.answer)
bp.app_errorhandler(404)(refusals.answer_nowhere)
bp.app_errorhandler(405)(refusals.answer_nowhere)
for page in PAGES:
    bp.register_blueprint(page)


def add(app: Flask) -> None:
    language.install(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.register_blueprint(bp)


@bp.before_request
def _refuse_unfit() -> None:
    """What no person types; PostgreSQL cannot keep NUL."""
    texts = (*request.form.values(), *request.args.values(), *(request.view_args or {}).values())
    if any("\0" in text or len(text) > MOST_CHARACTERS for text in texts):
        raise BadRequest("a field holds NUL, or is too long")
