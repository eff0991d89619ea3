"""`GET /api/me` with Flask, the naive way: a new connection to the database for each request."""

import os
from contextlib import closing
from typing import Any

import holder
from flask import Flask, abort, request

app = Flask(__name__)


@app.get("/api/me")
def me() -> dict[str, Any]:
    with closing(holder.connect(os.environ["DATABASE"])) as database:
        found = holder.holder(database, request.headers["Authorization"])
    if found is None:
        abort(401)
    return found
