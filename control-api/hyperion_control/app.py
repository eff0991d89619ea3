"""The application: resources, and what all of them have in common."""

from flask import Flask
from flask_openapi3 import APIBlueprint, OpenAPI

from hyperion_control.api import (
    agent_tasks,
    agents,
    alerts,
    api_login,
    audit,
    auth,
    commands,
    document,
    enrolments,
    groups,
    handout,
    health,
    home,
    host_keys,
    inventory,
    invitations,
    journals,
    logins,
    machine_metrics,
    machines,
    maintenance,
    me,
    me_security,
    metrics,
    named,
    network,
    organisations,
    outputs,
    policies,
    processes,
    receivers,
    routes,
    runbooks,
    sd,
    services,
    ssh_keys,
    tasks,
    tokens,
    updates,
    users,
)
from hyperion_control.border import (
    bodies,
    cookies,
    cors,
    gate,
    headers,
    idempotency,
    models,
    problems,
    repeatable,
)
from hyperion_control.border.context import access_of
from hyperion_control.usecases.parts import Parts
from hyperion_control.web import site

RESOURCES: tuple[APIBlueprint, ...] = (
    home.bp,
    health.bp,
    metrics.bp,
    runbooks.bp,
    audit.bp,
    api_login.bp,
    auth.bp,
    logins.bp,
    users.bp,
    me.bp,
    me_security.bp,
    organisations.bp,
    invitations.bp,
    tokens.bp,
    machines.bp,
    inventory.bp,
    maintenance.bp,
    host_keys.bp,
    ssh_keys.bp,
    groups.bp,
    sd.bp,
    machine_metrics.bp,
    commands.bp,
    outputs.bp,
    tasks.bp,
    policies.bp,
    processes.bp,
    services.bp,
    named.bp,
    journals.bp,
    network.bp,
    alerts.bp,
    receivers.bp,
    routes.bp,
    enrolments.bp,
    agents.bp,
    agent_tasks.bp,
    updates.bp,
    handout.bp,
    document.bp,
)


class OpenDoor(Exception):
    """A view that does not say who may use it."""


def create_app(parts: Parts) -> OpenAPI:
    app = assembled()
    equip(app, parts)
    return app


def assembled() -> OpenAPI:
    """All that is the same whatever the parts are: nearly all that making one costs."""
    app = OpenAPI(
        "hyperion_control",
        info=document.INFO,
        security_schemes=document.SECURITY,
        doc_ui=False,
        validation_error_callback=models.refuse,
        static_folder=None,
    )
    # People read the answers: the order is the one they were written in.
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # With a trailing slash or without, both answer; no redirect, which a POST would not survive.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    headers.add(app)
    metrics.measure(app)
    cors.allow(app)
    bodies.limit(app)
    repeatable.tell(app)
    gate.guard(app)
    models.refuse_queries(app)
    idempotency.guard(app)
    problems.handle(app)
    for resource in RESOURCES:
        app.register_api(resource)
    site.add(app)
    refuse_open_doors(app)
    document.complete(app)
    return app


def equip(app: Flask, parts: Parts) -> None:
    app.extensions["hyperion"] = parts
    metrics.tell(app, parts)
    cookies.seal(app, parts)


def refuse_open_doors(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if access_of(view) is None:
            raise OpenDoor(f"the view {endpoint} does not say who may use it")
