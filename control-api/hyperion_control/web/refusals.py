"""How a refusal reads on a page: the form again with a sentence, or a page of its own."""

from flask import Response, current_app, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import HTTPException

from hyperion_control.border import problems
from hyperion_control.border.context import Access, access_of, actor
from hyperion_control.errors import Problem
from hyperion_control.web import wanted
from hyperion_control.web.page import render
from hyperion_control.web.reader import reader

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
    "in-maintenance": lazy_gettext("This machine is in maintenance already."),
    "internal-server-error": lazy_gettext("The fault is on our side."),
    "link-ended": lazy_gettext("This link is not good any more. Ask for a new one."),
    "machine-slow": lazy_gettext("The machine has not answered yet. Look again."),
    "method-not-allowed": lazy_gettext("This page does not take that."),
    "name-unfit": lazy_gettext("A name has 1 to 100 characters, in one line."),
    "no-systemd": lazy_gettext("This machine does not run systemd: it has no services."),
    "no-unit": lazy_gettext("There is no such service on this machine."),
    "not-in-maintenance": lazy_gettext("This machine is not in maintenance."),
    "organisation-needed": lazy_gettext("Choose on the first page in which organisation you work."),
    "own-command": lazy_gettext("Nobody approves a command of their own."),
    "passwords-differ": lazy_gettext("The two passwords differ."),
    "process-changed": lazy_gettext(
        "It has ended, or its number belongs to another process now. List them again."
    ),
    "reason-needed": lazy_gettext("Say why, for those who read it later."),
    "reason-unfit": lazy_gettext("A reason has at most 100 characters, in one line."),
    "step-up-needed": lazy_gettext("This takes a fresh code of your authenticator app."),
    "task-canceled": lazy_gettext("It was canceled."),
    "task-expired": lazy_gettext("No worker began it in time. Is one running?"),
    "task-lost": lazy_gettext("It was begun, and what became of it is not known."),
    "task-timed_out": lazy_gettext("The machine took too long, and it was ended there."),
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
# These say more than their status does, in English: a machine's own words, or a rule's.
SAYING = {
    *("deleted", "denied-by-policy", "machine-failed", "no-such-key", "not-started"),
    *("process-denied", "process-protected", "protected"),
}
# Codes of what is wrong with a machine, and not with us.
OF_MACHINES = ("machine-", "task-")
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
        wanted.keep(wanted.here())
        return redirect(url_for(INSTEAD[code]), 303)
    if told.status_code >= 500 and not code.startswith(OF_MACHINES):
        g.reader = None  # who is looking may be just what cannot be found out
    g.refusal = sentence(told)
    form = _form_again() if told.status_code < 500 else None
    page = make_response(form or _alone(told.status_code))
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
    usual = None if problem["code"] in SAYING else BY_STATUS.get(told.status_code)
    known = SENTENCES.get(problem["code"], usual)
    said = str(known) if known else _begun(problem["detail"])
    if wait := told.headers.get("Retry-After"):
        said += " " + gettext("Try again in %(seconds)s seconds.", seconds=wait)
    return said


def _begun(detail: str) -> str:
    return f"{detail[:1].upper()}{detail[1:]}."


def _alone(status: int) -> str:
    known = status >= 409 and reader() is not None
    back = (request.view_args or {}).get("machine_id") if known else None
    return render("refused.html", request_id=g.request_id, back=back)


def _form_again() -> str | None:
    """What the same address shows to who only looks, if the one who sent it may look."""
    adapter = current_app.create_url_adapter(request)
    if request.method != "POST" or adapter is None or not adapter.test(method="GET"):
        return None
    endpoint, values = adapter.match(method="GET")
    view = current_app.view_functions[endpoint]
    if not _may_look(access_of(view) or Access()):
        return None
    try:
        return str(view(**values))
    except Problem:  # what it is about is not there
        return None


def _may_look(access: Access) -> bool:
    if access.open or not actor().login_id:
        return access.open
    return access.role is None or actor().may(access.role)
