"""Questions on the system bus; tests/fleet asks a real one."""

import socket
import threading
from pathlib import Path

import pytest

from hyperion_exporter.sources.dbus import Bus, Call, Refused, get
from lab.bus import SOCKET, Error, Value, fake_bus, variant

OBJECT = "/org/example/Thing"
PATIENCE = 20.0


def ask(root: Path, *calls: Call, patience: float = PATIENCE) -> list[object]:
    bus = Bus(root, "org.example", patience)
    try:
        return bus.ask(calls)
    finally:
        bus.close()


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("s", "a word"), ("s", ""), ("u", 7), ("t", 2**64 - 1), ("b", True), ("d", 0.5),
        ("as", ["one", "three"]), ("at", []), ("a(su)", [("x", 1), ("longer", 2)]),
    ],
)  # fmt: skip
def test_a_property_is_the_value_it_was_sent_as(
    signature: str, value: object, tmp_path: Path
) -> None:
    question = get(OBJECT, "org.example.Thing", "Name")
    answer = variant(signature, value)
    with fake_bus(tmp_path, {(OBJECT, "Get", ("org.example.Thing", "Name")): answer}):
        assert ask(tmp_path, question) == [value]


def test_many_questions_are_answered_in_their_order(tmp_path: Path) -> None:
    numbers = range(300)
    answers = {(OBJECT, "Get", ("i", str(n))): variant("u", n) for n in numbers}
    with fake_bus(tmp_path, answers):
        assert ask(tmp_path, *(get(OBJECT, "i", str(n)) for n in numbers)) == [*numbers]


def test_a_refused_question_costs_only_itself(tmp_path: Path) -> None:
    answers = {
        (OBJECT, "No", ()): Error("org.example.NoSuchThing"),
        (OBJECT, "Yes", ()): Value("s", "here"),
    }
    with fake_bus(tmp_path, answers):
        refused, answer = ask(tmp_path, Call(OBJECT, "i", "No"), Call(OBJECT, "i", "Yes"))
    assert isinstance(refused, Refused) and str(refused) == "org.example.NoSuchThing"
    assert answer == "here"


def test_one_connection_serves_all_questions(tmp_path: Path) -> None:
    with fake_bus(tmp_path, {(OBJECT, "Yes", ()): Value("s", "here")}) as fake:
        bus = Bus(tmp_path, "org.example", PATIENCE)
        for _ in range(3):
            assert bus.ask([Call(OBJECT, "i", "Yes")]) == ["here"]
        assert fake.connections == 1
        bus.close()


def test_a_bus_that_was_restarted_is_connected_to_anew(tmp_path: Path) -> None:
    bus = Bus(tmp_path, "org.example", PATIENCE)
    answers = {(OBJECT, "Yes", ()): Value("s", "here")}
    with fake_bus(tmp_path, answers) as fake:
        bus.ask([Call(OBJECT, "i", "Yes")])
        fake.answers.clear()
    bus.close()
    with fake_bus(tmp_path, answers):
        assert bus.ask([Call(OBJECT, "i", "Yes")]) == ["here"]
    bus.close()


def test_a_bus_that_is_silent_is_given_up(tmp_path: Path) -> None:
    with fake_bus(tmp_path, {}) as fake:
        fake.speaks.clear()
        with pytest.raises(TimeoutError):
            ask(tmp_path, Call(OBJECT, "i", "Yes"), patience=0.05)


def test_a_machine_without_a_bus_has_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ask(tmp_path, Call(OBJECT, "i", "Yes"))


@pytest.mark.parametrize(
    ("speech", "fault"),
    [
        (b"REJECTED EXTERNAL\r\n", Refused),
        (b"OK 1\r\nthis is no D-Bus at all", Refused),
        (b"OK 1\r\nl\2\0\1\xff\xff\xff\xff\1\0\0\0\0\0\0\0", Refused),
        (b"OK 1\r\nl\2\0\1\0\0\0\0\1\0\0\0\x05\0\0\0\1\1z\0\0\0\0\0", Refused),
        (b"", ConnectionError),
    ],
    ids=["does not know us", "another language", "huge", "unknown type", "hangs up"],
)
def test_what_is_no_answer_is_refused(
    speech: bytes, fault: type[Exception], tmp_path: Path
) -> None:
    path = tmp_path / SOCKET
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        speaker = threading.Thread(target=speak, args=(listener, speech))
        speaker.start()
        with pytest.raises(fault):
            ask(tmp_path, Call(OBJECT, "i", "Yes"))
        speaker.join()


def speak(listener: socket.socket, speech: bytes) -> None:
    """Say that to the next client, whatever it says."""
    client, _ = listener.accept()
    with client:
        client.sendall(speech)
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass
