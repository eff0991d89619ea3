"""Where a request comes from: the client's address, and whether a page of ours sent it."""

from flask import request

from hyperion_control.border.context import parts
from hyperion_control.domain.actors import Origin
from hyperion_control.domain.networks import within
from hyperion_control.errors import Forbidden

SAFE = ("GET", "HEAD", "OPTIONS")
OURS = ("same-origin", "none")
# What a form of any page can send here without being asked whether it may.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
CROSS_SITE = "this request was sent by a page of another site: send it from a page of this one"


def origin(request_id: str) -> Origin:
    agent = request.headers.get("User-Agent", "")[:200]
    return Origin(client_address(), request_id, agent)


def client_address() -> str:
    """From the nearest hop outwards, as far as each was named by a proxy that we trust."""
    trusted = parts().settings.trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    address = request.remote_addr or ""
    while within(address, trusted) and hops and hops[-1]:
        address = hops.pop()
    return address[:64]


def refuse_foreign(*, with_cookie: bool) -> None:
    """What changes something by our cookie, or sets it, comes from a page of ours.

    Without a cookie a program may ask, which tells nothing of where it comes from.
    """
    if request.method in SAFE or _sent_by_us(silent=not with_cookie):
        return
    raise Forbidden(CROSS_SITE, code="cross-site")


def refuse_forms() -> None:
    """By a cookie, the API takes only what another site's page could not send unasked."""
    if request.method not in SAFE and request.mimetype in FORMS:
        raise Forbidden(
            "send JSON: a form could come from a page of another site", code="cross-site"
        )


def _sent_by_us(*, silent: bool) -> bool:
    site, sender = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in OURS
    if sender is not None:
        return sender in (parts().settings.public_url, request.host_url.rstrip("/"))
    return silent
