"""The log: one line for a thing, on standard error, as logfmt or JSON."""

import json
import logging
import time

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


def begin(level: str, form: str) -> None:
    """Also again, after a reload."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line(form))
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)


class Line(logging.Formatter):
    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said = {
            "time": f"{at}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        if self._json:
            return json.dumps(said)
        quoted = {"msg": json.dumps(said["msg"]), "trace": json.dumps(said.get("trace"))}
        return " ".join(f"{name}={quoted.get(name, text)}" for name, text in said.items())
