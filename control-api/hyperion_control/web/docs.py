"""/docs: every operation of the API, read from its own description."""

import re
from itertools import groupby

from flask import Blueprint, current_app
from flask_babel import gettext

from hyperion_control.border.context import Access, access_of, open_to_all, parts
from hyperion_control.domain.roles import Role
from hyperion_control.web.operations import operations
from hyperion_control.web.page import render

bp = Blueprint("docs", __name__)


@bp.get("/docs")
@open_to_all
def docs() -> str:
    """Show what can be asked of the API, by whom, and how with curl."""
    document = current_app.api_doc  # type: ignore[attr-defined]
    found = sorted(operations(document), key=lambda operation: operation.group)
    return render(
        "docs.html",
        base=parts().settings.public_url,
        refusals=sorted({refusal for one in found for refusal in one.refusals.items()}),
        groups={name: list(group) for name, group in groupby(found, lambda one: one.group)},
        who=who_may(),
    )


def who_may() -> dict[tuple[str, str], str]:
    """By method and path as the description writes them."""
    found = {}
    for rule in current_app.url_map.iter_rules():
        access = access_of(current_app.view_functions[rule.endpoint])
        path = re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in rule.methods or ():
            found[method, path] = sentence(access or Access())
    return found


def sentence(access: Access) -> str:
    if access.open:
        return str(gettext("Everyone, signed in or not."))
    said = [_people(access)]
    if access.scope:
        said.append(gettext("A token needs the scope %(scope)s.", scope=access.scope))
    else:
        said.append(gettext("Not with a token."))
    if access.step_up:
        said.append(gettext("Asks for a code not older than five minutes."))
    return " ".join(said)


def _people(access: Access) -> str:
    people: dict[Role | None, str] = {
        None: gettext("Everyone who is signed in."),
        Role.OBSERVER: gettext("Observers, operators and admins of the organisation."),
        Role.OPERATOR: gettext("Operators and admins of the organisation."),
        Role.ADMIN: gettext("Admins of the organisation."),
    }
    return str(gettext("Who runs the platform.")) if access.platform else people[access.role]
