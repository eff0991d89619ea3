"""The control API with some views that wait, as `hyperion-control serve` runs it.

What they wait for is a file in a folder, so that every process sees it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, g, jsonify, request

from hyperion_control import logs, serve, wsgi
from hyperion_control.border import waiting
from hyperion_control.border.context import View, open_to_all, parts, requires
from hyperion_control.domain.roles import Role
from hyperion_control.settings import Settings


def place(kind: str, topic: str) -> Path:
    return parts().settings.data / f"{kind}-{topic}"


def news(topic: str) -> str | None:
    file = place("news", topic)
    return file.read_text() if file.exists() else None


@open_to_all
def wait(topic: str) -> Response:
    """Until there is news; writes down what it does before, which is said to be done once."""
    if waiting.carried() is None and request.method == "POST":
        with place("acts", topic).open("a") as file:
            file.write(g.request_id)
    seconds = float(request.args.get("seconds", "30"))
    found = waiting.until(topic, seconds, lambda: news(topic), carry="done")
    return jsonify(news=found, body=request.get_data(as_text=True))


@requires(Role.OBSERVER, scope="machines:read")
def wait_inside(topic: str) -> Response:
    return jsonify(news=waiting.until(topic, 30, lambda: news(topic)))


@requires(Role.OBSERVER, scope="machines:read", step_up=True)
def wait_with_code(topic: str) -> Response:
    return jsonify(news=waiting.until(topic, 30, lambda: news(topic)))


def tail(topic: str) -> Callable[[], bytes | None]:
    """What was added to the news since the last piece; "end" ends it."""
    told = 0

    def pieces() -> bytes | None:
        nonlocal told
        new = (news(topic) or "")[told : told + 65536]
        if new == "end\n":
            return None
        told += len(new)
        return new.encode()

    return pieces


@open_to_all
def stream(topic: str) -> Response:
    return waiting.live(topic, tail(topic), request.args.get("type", "text/event-stream"))


@requires(Role.OBSERVER, scope="machines:read")
def stream_inside(topic: str) -> Response:
    return waiting.live(topic, tail(topic))


@open_to_all
def ring(topic: str) -> Response:
    """Adds the body to the news, and rings."""
    with place("news", topic).open("ab") as file:
        file.write(request.get_data())
    parts().bell.ring(topic)
    return jsonify(rung=topic)


VIEWS: dict[str, View] = {
    "wait": wait,
    "wait-inside": wait_inside,
    "wait-with-code": wait_with_code,
    "stream": stream,
    "stream-inside": stream_inside,
    "ring": ring,
}


def add(app: Flask) -> Flask:
    for name, view in VIEWS.items():
        app.add_url_rule(f"/{name}/<topic>", name, view, methods=["GET", "POST"])
    return app


class Server(serve.Server):
    def load(self) -> Flask:
        return add(wsgi.build())


def main() -> None:
    logs.to_stderr()
    Server(serve.listen(Settings.from_env(os.environ).listen)).run()


if __name__ == "__main__":
    main()
