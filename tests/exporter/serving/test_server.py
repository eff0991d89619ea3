"""The page over a real socket: every address, every header, and clients that behave badly."""

import gzip
import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from hyperion_exporter.collector import Block, Collector, gauge, one
from hyperion_exporter.guard import Guard
from hyperion_exporter.page import Piece
from hyperion_exporter.serving.server import MAX_CLIENTS, Server, serve, split_address

LAMP = gauge("lamp", "A lamp.")
DOOR = gauge("door", "A door.")
SECONDS = 10.0  # never waited for when all is well
Ask = Callable[..., tuple[int, dict[str, str], bytes]]


class Lamp(Collector):
    name = "lamp"
    help = "For tests."
    family = LAMP

    def __init__(self) -> None: ...

    def collect(self) -> Iterable[Block]:
        return [one((self.family,), (1,))]


class Door(Lamp):
    name = "door"
    family = DOOR


class Hung(Lamp):
    name = "hung"

    def __init__(self, release: threading.Event) -> None:
        self._release = release

    def collect(self) -> Iterable[Block]:
        self._release.wait()
        return []


class Patience(Guard):
    """Notes how long it may take."""

    def pieces(self, seconds: float, *rest: object) -> list[Piece]:
        self.seconds = seconds
        return super().pieces(seconds, *rest)  # type: ignore[arg-type]


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    with ExitStack() as stack:

        def start(guard: Guard, path: str = "/metrics", address: str = "127.0.0.1:0") -> Server:
            [server] = serve([address], guard, path)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server

        yield start


@pytest.fixture
def guard() -> Patience:
    return Patience([Door(), Lamp()])


@pytest.fixture
def server(start: Callable[..., Server], guard: Patience) -> Server:
    return start(guard)


def asking(server: Server) -> Ask:
    def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, headers=named)
        answer = client.getresponse()
        body = answer.read()
        client.close()
        return answer.status, dict(answer.headers), body

    return ask


@pytest.fixture
def ask(server: Server) -> Ask:
    return asking(server)


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """A client of our own that sends just these bytes."""
    with ExitStack() as stack:

        def connect(data: bytes) -> socket.socket:
            client = stack.enter_context(
                socket.create_connection(server.server_address[:2], SECONDS)
            )
            client.sendall(data)
            return client

        yield connect


def read(client: socket.socket) -> bytes:
    """All that the server sends until it ends the connection."""
    parts = b""
    try:
        while part := client.recv(65536):
            parts += part
    except ConnectionResetError:
        pass  # it ended with bytes of ours unread
    return parts


def names(text: str) -> set[str]:
    return {family.name for family in text_string_to_metric_families(text)}


def test_the_metrics_are_served_as_text(ask: Ask) -> None:
    status, headers, body = ask("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert headers["Content-Length"] == str(len(body))
    assert {"lamp", "door", "node_scrape_collector_success"} <= names(body.decode())


def test_openmetrics_is_served_to_who_wants_it(ask: Ask) -> None:
    _, headers, body = ask(
        "/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    )
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert headers["Vary"] == "Accept, Accept-Encoding"
    found = openmetrics.text_string_to_metric_families(body.decode())
    assert {"lamp", "door"} <= {family.name for family in found}


def test_it_is_compressed_for_who_can_read_that(ask: Ask) -> None:
    _, headers, body = ask("/metrics", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Length"] == str(len(body))
    assert "lamp" in names(gzip.decompress(body).decode())
    assert "Content-Encoding" not in ask("/metrics", Accept_Encoding="br")[1]


@pytest.mark.parametrize("path", ["/metrics", "/", "/healthz", "/missing"])
def test_head_is_get_without_the_body(ask: Ask, path: str) -> None:
    status, headers, body = ask(path, "HEAD")
    whole = ask(path)
    assert (status, headers["Content-Type"]) == (whole[0], whole[1]["Content-Type"])
    assert body == b""
    assert int(headers["Content-Length"]) > 0


def test_it_says_that_it_is_well_without_gathering(ask: Ask, guard: Patience) -> None:
    assert ask("/healthz")[::2] == (200, b"ok\n")
    assert not hasattr(guard, "seconds")


def test_the_landing_page_leads_to_the_metrics(start: Callable[..., Server]) -> None:
    ask = asking(start(Guard([Lamp()]), "/a&b"))
    status, headers, body = ask("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b'href="/a&amp;b"' in body
    assert ask("/a&b")[0] == 200
    assert ask("/metrics")[0] == 404


@pytest.mark.parametrize("path", ["/missing", "/metrics/", "//metrics", "/METRICS", "/healthz/x"])
def test_what_is_not_there_is_not_found(ask: Ask, path: str) -> None:
    assert ask(path)[::2] == (404, b"nothing is here; / says what there is\n")


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("", {"lamp", "door"}),
        ("?collect[]=lamp", {"lamp"}),
        ("?collect%5B%5D=lamp&collect[]=door", {"lamp", "door"}),
        ("?exclude[]=lamp", {"door"}),
        ("?exclude[]=lamp&exclude[]=door", set()),
        ("?other=1", {"lamp", "door"}),
    ],
)
def test_some_collectors_can_be_asked_for(ask: Ask, query: str, there: set[str]) -> None:
    status, _, body = ask("/metrics" + query)
    assert status == 200
    assert names(body.decode()) & {"lamp", "door"} == there


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("collect[]=lamp&exclude[]=door", "give collect[] or exclude[], not both"),
        ("collect[]=lmap", "no collector 'lmap' is switched on; there are: door, lamp"),
        ("exclude[]=%FF%0A", "no collector '\ufffd\\n' is switched on; there are: door, lamp"),
    ],
)
def test_collectors_that_are_not_there_are_refused(ask: Ask, query: str, sentence: str) -> None:
    assert ask(f"/metrics?{query}")[::2] == (400, f"{sentence}\n".encode())


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("10", 9.5),
        ("0.6", 0.3),
        ("1", 0.5),
        *((odd, 10.0) for odd in ("", "soon", "0", "-1", "nan", "inf", "1e300")),
    ],
)
def test_it_answers_a_little_before_prometheus_gives_up(
    ask: Ask, guard: Patience, said: str, seconds: float
) -> None:
    assert ask("/metrics", X_Prometheus_Scrape_Timeout_Seconds=said)[0] == 200
    assert guard.seconds == pytest.approx(seconds)


def test_a_hung_collector_does_not_make_it_late(start: Callable[..., Server]) -> None:
    release = threading.Event()
    ask = asking(start(Guard([Hung(release), Lamp()], patience=0.02)))
    status, _, body = ask("/metrics", X_Prometheus_Scrape_Timeout_Seconds="0.4")
    release.set()
    assert (status, "lamp" in names(body.decode())) == (200, True)
    assert b'hyperion_collector_timeout{collector="hung"} 1\n' in body


def test_a_scrape_that_finds_another_one_running_is_told_so(start: Callable[..., Server]) -> None:
    release, running = threading.Event(), threading.Event()

    class Running(Hung):
        def collect(self) -> Iterable[Block]:
            running.set()
            return super().collect()

    ask = asking(start(Guard([Running(release)])))
    first = threading.Thread(target=ask, args=("/metrics",))
    first.start()
    assert running.wait(SECONDS)
    status, _, body = ask("/metrics", X_Prometheus_Scrape_Timeout_Seconds="0.1")
    release.set()
    first.join()
    assert (status, b"another scrape still runs" in body) == (503, True)


def test_many_requests_go_over_one_connection(server: Server) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=SECONDS)
    client.connect()
    ours = client.sock.getsockname()
    for path, status in (("/metrics", 200), ("/missing", 404), ("/metrics?collect[]=x", 400)) * 3:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        assert answer.status == status
        assert client.sock and client.sock.getsockname() == ours
    client.close()


def test_requests_sent_at_once_are_answered_in_order(
    connect: Callable[[bytes], socket.socket],
) -> None:
    answers = read(connect(b"GET /healthz HTTP/1.1\r\n\r\nGET /missing HTTP/1.1\r\n\r\n"
                           b"HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"))  # fmt: skip
    lines = [line for line in answers.split(b"\r\n") if b"HTTP/1.1" in line]
    assert lines == [b"HTTP/1.1 200 OK", b"ok\nHTTP/1.1 404 Not Found",
                     b"nothing is here; / says what there is\nHTTP/1.1 200 OK"]  # fmt: skip
    assert answers.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics\r\n\r\n", b"400 Bad Request"),
        (b"GET http://[ HTTP/1.1\r\nConnection: close\r\n\r\n", b"400 Bad Request"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET /" + b"a" * 40_000, b"431 Request Header Fields Too Large"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 7_000, b"431 Request Header Fields Too Large"),
        (b"GET http://any/healthz HTTP/1.1\r\nConnection: close\r\n\r\n", b"200 OK"),
    ],
)
def test_every_request_is_answered_and_the_next_client_too(
    connect: Callable[[bytes], socket.socket], ask: Ask, data: bytes, status: bytes
) -> None:
    answer = read(connect(data))
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:80]
    assert b"Connection: close" in answer
    assert ask("/healthz")[0] == 200


def test_half_sent_requests_stop_nobody(
    connect: Callable[[bytes], socket.socket], ask: Ask
) -> None:
    slow = [connect(b"GET /metrics HTTP/1.1\r\nHost: ") for _ in range(MAX_CLIENTS - 10)]
    assert ask("/metrics")[0] == 200
    slow[0].sendall(b"x\r\nConnection: close\r\n\r\n")
    assert read(slow[0]).startswith(b"HTTP/1.1 200 OK"), "late, and answered all the same"


def test_clients_that_rest_make_room_for_more(
    connect: Callable[[bytes], socket.socket], ask: Ask
) -> None:
    clients = [connect(b"GET /healthz HTTP/1.1\r\n\r\n") for _ in range(MAX_CLIENTS)]
    assert all(client.recv(1000).startswith(b"HTTP/1.1 200") for client in clients)
    assert ask("/metrics")[0] == 200


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (":9100", ("", 9100)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]:9100", ("::1", 9100)),
        ("machine.example:80", ("machine.example", 80)),
    ],
)
def test_an_address_is_a_machine_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["", "9100", "127.0.0.1", "x:", "x:y", ":65536", ":-1", ":²"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"is no address; write HOST:PORT"):
        split_address(address)


def test_without_a_machine_it_is_every_address_of_both_families(
    start: Callable[..., Server], guard: Patience
) -> None:
    server = start(guard, address=":0")
    port = server.server_address[1]
    for address in ("127.0.0.1", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.1",):
        client = http.client.HTTPConnection(address, port, timeout=SECONDS)
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200
        client.close()


def test_a_taken_port_is_an_error(server: Server, guard: Guard) -> None:
    with pytest.raises(OSError, match="in use"):
        serve([f"127.0.0.1:{server.server_address[1]}"], guard, "/metrics")
