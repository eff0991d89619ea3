"""How a refusal reads on a page: the form again with a sentence, or a page of its own."""

from flask import Response, current_app, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import HTTPException

from hyperion_control.border import problems
from hyperion_control.border.context import access_of, actor
from hyperion_control.web.page import render

# Where a refusal sends the reader first.
INSTEAD = {
    "unauthorised": "web.login.ask",
    "password-due": "web.password.ask",
    "second-factor-due": "web.second_factor.ask",
}
# By code, then by status; what is in neither says itself what was wrong, in English.
SENTENCES = {
    "already-member": lazy_gettext("You are a member of this organisation already."),
    "audit-unavailable": lazy_gettext("This could not be recorded, so nothing was done."),
    "bad-request": lazy_gettext("Something in this form is missing, or cannot be right."),
    "challenge-ended": lazy_gettext("The time for the code is over. Start again."),
    "cross-site": lazy_gettext("This came from a page of another site. Send it from here."),
    "database-unavailable": lazy_gettext("The database does not answer."),
    "internal-server-error": lazy_gettext("The fault is on our side."),
    "link-ended": lazy_gettext("This link is not good any more. Ask for a new one."),
    "method-not-allowed": lazy_gettext("This page does not take that."),
    "name-unfit": lazy_gettext("A name has 1 to 100 characters, in one line."),
    "passwords-differ": lazy_gettext("The two passwords differ."),
    "username-taken": lazy_gettext("This user name is taken. Choose another one."),
    "username-unfit": lazy_gettext(
        "A user name has letters a to z, digits, dots, dashes and underscores."
    ),
    "weak-password": lazy_gettext(
        "This password is too short, too long, or one that is tried first."
        " Take four words of your own."
    ),
    "wrong-code": lazy_gettext(
        "This code is wrong, too old or was used already. Wait for the next one."
    ),
    "wrong-credentials": lazy_gettext("Wrong user name or password."),
}
BY_STATUS = {
    403: lazy_gettext("You may not do this."),
    404: lazy_gettext("There is nothing here, or not any more, or it is not yours to see."),
    409: lazy_gettext("This is not possible now: something has changed. Look again."),
    429: lazy_gettext("Too many tries."),
    503: lazy_gettext("The system is not ready."),
}


def answer(fault: Exception) -> ResponseReturnValue:
    told = problems.answer(fault)
    code = str(told.get_json()["code"])
    if code in INSTEAD:
        return redirect(url_for(INSTEAD[code]), 303)
    if told.status_code >= 500:
        g.reader = None  # who is looking may be just what cannot be found out
    g.refusal = sentence(told)
    form = _form_again() if told.status_code < 500 else None
    page = make_response(form or render("refused.html", request_id=g.request_id))
    page.status_code = told.status_code
    for name in ("Retry-After", "Allow"):
        if name in told.headers:
            page.headers[name] = told.headers[name]
    return page


def answer_nowhere(fault: HTTPException) -> ResponseReturnValue:
    """Where no view was found: a page for who wants pages."""
    wish = request.accept_mimetypes.best_match((problems.TYPE, "text/html"))
    if wish == "text/html" and not request.path.startswith("/api/"):
        return answer(fault)
    return problems.answer(fault)


def sentence(told: Response) -> str:
    problem = told.get_json()
    known = SENTENCES.get(problem["code"]) or BY_STATUS.get(told.status_code)
    said = str(known) if known else _begun(problem["detail"])
    if wait := told.headers.get("Retry-After"):
        said += " " + gettext("Try again in %(seconds)s seconds.", seconds=wait)
    return said


def _begun(detail: str) -> str:
    return f"{detail[:1].upper()}{detail[1:]}."


def _form_again() -> str | None:
    """What the same address shows to who only looks, if the one who sent it may look."""
    adapter = current_app.create_url_adapter(request)
    if request.method != "POST" or adapter is None or not adapter.test(method="GET"):
        return None
    endpoint, values = adapter.match(method="GET")
    view = current_app.view_functions[endpoint]
    access = access_of(view)
    if access is None or not (access.open or actor().login_id):
        return None
    return str(view(**values))
