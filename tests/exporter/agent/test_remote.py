"""Remote write: which series leave the machine, and what becomes of them when nobody takes them."""

import base64
from email.message import Message
from email.utils import formatdate
from pathlib import Path

import pytest

from hyperion_exporter.agent import home, remote_wire
from hyperion_exporter.agent.files import Config
from hyperion_exporter.agent.home import Away
from hyperion_exporter.agent.remote import IDLE_SECONDS, Remote
from hyperion_exporter.agent.remote_series import Pages
from hyperion_exporter.agent.remote_wire import STALE, Labels, labels, value
from lab.receiver import Receiver, receiver

OWN = {"job": "node", "instance": "web-1", "machine": "web-1", "org": "acme"}
UP = labels("up", OWN)


def series(name: str, **given: str) -> Labels:
    return labels(name, {**given, **OWN})


def remote(at: Receiver, state: str = "/nowhere", **more: str) -> Remote:
    """Its page comes from nowhere: that is one series, up."""
    own = {"state": state, "metrics_url": "http://127.0.0.1:9/metrics"}
    made = Remote(Config("http://127.0.0.1", remote_write_url=at.url, **own, **more))
    made.labels = OWN
    return made


def test_a_page_becomes_series_with_the_labels_of_scraping() -> None:
    page = '# HELP a b\na_total 3\nb{c="d e",c2="\\"x\\n"} 0.5\n'
    assert dict(Pages().next(page, OWN)) == {
        series("a_total"): value(3),
        series("b", c="d e", c2='"x\n'): value(0.5),
        UP: value(1),
    }


def test_the_labels_of_a_series_are_in_order_and_an_empty_one_is_none() -> None:
    words = [label.split(b"\x12")[0][4:] for label in labels("m", {"b": "1", "a": "1", "c": ""})]
    assert words == [b"__name__", b"a", b"b"]


def test_a_label_of_the_page_makes_way_for_the_machines_own() -> None:
    [(found, _), _] = Pages().next('a{job="cron",x="y"} 1', OWN)
    assert found == series("a", exported_job="cron", x="y")


def test_what_is_there_no_more_has_ended_once() -> None:
    pages = Pages()
    pages.next("a 1\nb 1", OWN)
    assert (series("b"), STALE) in pages.next("a 2", OWN)
    assert (series("b"), STALE) not in pages.next("a 3", OWN)


def test_a_machine_with_other_labels_has_other_series() -> None:
    pages = Pages()
    pages.next("a 1", OWN)
    found = dict(pages.next("a 1", {**OWN, "group": "web"}))
    assert (found[series("a")], found[series("a", group="web")]) == (STALE, value(1))


@pytest.mark.parametrize("page", [None, "a 1\nwhat is this?", "a 0x10"])
def test_without_a_whole_page_it_is_down_and_all_has_ended(page: str | None) -> None:
    pages = Pages()
    pages.next("a 1", OWN)
    assert dict(pages.next(page, OWN)) == {series("a"): STALE, UP: value(0)}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_cannot_be_taken_now_is_sent_again_and_in_order(status: int) -> None:
    with receiver() as at:
        at.status, sender = status, remote(at)
        for group in ("web", "db"):
            sender.labels = {**OWN, "group": group}
            sender.gather()
        for _ in range(2):
            with pytest.raises(Away, match=f"answers {status}"):
                sender.deliver()
        at.status = 204
        assert [sender.deliver() for _ in range(3)] == [0, 0, IDLE_SECONDS]
    sent = [request.raw for request in at.requests]
    assert sent[0] == sent[1] == sent[2] != sent[3]


def test_a_receiver_that_is_away_keeps_nothing_from_being_gathered() -> None:
    with receiver() as at:
        sender = remote(at)
    sender.gather()
    with pytest.raises(Away, match="the receiver at"):
        sender.deliver()


@pytest.mark.parametrize("status", [302, 400, 401, 413])
def test_what_is_refused_is_not_sent_again(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with receiver() as at:
        at.status, at.answer = status, b"out of order sample"
        sender = remote(at)
        sender.gather()
        assert [sender.deliver(), sender.deliver()] == [0, IDLE_SECONDS]
    assert len(at.requests) == 1
    assert "refuses metrics" in caplog.text and "out of order sample" in caplog.text


@pytest.mark.parametrize(
    ("setting", "secret", "sent"),
    [
        ("remote_write_token_file", "s3cret\n", "Bearer s3cret"),
        ("remote_write_password_file", "me:pw\n", f"Basic {base64.b64encode(b'me:pw').decode()}"),
    ],
)
def test_it_shows_what_the_file_holds_now(
    tmp_path: Path, setting: str, secret: str, sent: str
) -> None:
    file = tmp_path / "secret"
    with receiver() as at:
        sender = remote(at, **{setting: str(file)})
        sender.gather()
        with pytest.raises(Away, match="secret cannot be read"):
            sender.deliver()
        file.write_text(secret)
        sender.deliver()
    [request] = at.requests
    assert request.headers["authorization"] == sent
    assert request.headers["x-prometheus-remote-write-version"] == "0.1.0"


def test_what_was_not_sent_is_sent_after_a_new_start(tmp_path: Path) -> None:
    with receiver() as at:
        at.status, before = 503, remote(at, state=str(tmp_path))
        before.gather()
        with pytest.raises(Away):
            before.deliver()
        before.keep()
        at.status = 204
        after = remote(at, state=str(tmp_path))
        after.gather()
        after.deliver()
        after.deliver()
        assert after.deliver() == IDLE_SECONDS
    lost, first, second = (request.raw for request in at.requests)
    assert lost == first != second


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        (None, 0, 0),
        ("7", 7, 7),
        ("86400", 300, 300),
        ("soon", 0, 0),
        ("-5", 0, 0),
        (formatdate(0, usegmt=True), 0, 0),
        (formatdate(4e9, usegmt=True), 300, 300),
    ],
)
def test_who_is_asked_to_wait_does_and_not_for_ever(
    said: str | None, least: float, most: float
) -> None:
    headers = Message()
    if said is not None:
        headers["Retry-After"] = said
    assert least <= home.retry_after(headers) <= most


def test_what_comes_again_in_a_request_is_sent_once() -> None:
    many = [(series("a_total", device=f"d{number}"), value(number)) for number in range(1000)]
    whole = sum(len(b"".join(each)) + 30 for each, _ in many)
    assert len(remote_wire.request(many, 1_800_000_000_000)) < whole / 3
