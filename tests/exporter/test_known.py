"""What the collectors gave last, as those see it who tell of the machine as a whole."""

from collections.abc import Callable, Iterable

import pytest

from hyperion_exporter.collector import Block, Collector, NoData, Samples, Table, gauge, one
from hyperion_exporter.guard import Guard
from hyperion_exporter.known import TRUST_SECONDS, Known, Sample

DOORS = gauge("doors", "Doors by state.", "state")
SIZE = gauge("size", "Size of the house.")
GUESTS = gauge("guests", "Guests by name.", "name")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(clock: Clock) -> Known:
    return Known(clock)


def house(doors: dict[str, str | int], *guests: str) -> list[Block]:
    samples = Samples()
    for guest in guests:
        samples.add(GUESTS, 1, guest)
    return [Table((DOORS,), {(state,): (n,) for state, n in doors.items()}), samples]


def test_samples_are_found_by_their_family(known: Known) -> None:
    known.note("house", [*house({"open": "3", "shut": 4}, "ada"), one((SIZE,), ("120",))])
    assert known.find("house", "doors", "size") == [
        Sample("doors", {"state": "open"}, 3.0),
        Sample("doors", {"state": "shut"}, 4.0),
        Sample("size", {}, 120.0),
    ]


def test_they_are_found_also_where_others_came_and_went_before_them(known: Known) -> None:
    for doors, guests in (({"open": 1}, ["ada"]), ({}, ["otto"]), ({"shut": 2}, ["ada", "eve"])):
        known.note("house", house(doors, *guests))
        found = known.find("house", "guests")
        assert [sample.labels["name"] for sample in found] == guests


def test_of_a_collector_that_gave_nothing_nothing_is_found(known: Known) -> None:
    assert known.find("house", "doors") == []
    known.note("house", house({}))
    assert known.find("house", "doors") == []


def test_what_is_too_old_is_no_longer_what_is(known: Known, clock: Clock) -> None:
    known.note("house", house({"open": 1}))
    clock.now = TRUST_SECONDS
    assert known.find("house", "doors")
    clock.now += 1
    assert known.find("house", "doors") == []


class House(Collector):
    name = "house"
    help = "-"

    def __init__(self, answers: Iterable[Callable[[], list[Block]]]) -> None:
        self._answers = iter(answers)

    def collect(self) -> Iterable[Block]:
        return next(self._answers)()


class Onlooker(Collector):
    """Remembers what it saw each time before it was asked."""

    name = "a name that stands before all others"
    help = "-"
    turn = 1

    def __init__(self) -> None:
        self.seen: list[list[float]] = []

    def see(self, known: Known) -> None:
        self.seen.append([sample.value for sample in known.find("house", "doors")])

    def collect(self) -> Iterable[Block]:
        return []


def gone() -> list[Block]:
    raise NoData("burnt down")


def broken() -> list[Block]:
    raise OSError("broken")


def test_who_has_a_later_turn_sees_what_the_others_gave_in_the_same_gathering() -> None:
    onlooker = Onlooker()
    Guard([onlooker, House([lambda: house({"open": 3})])]).gather(10)
    assert onlooker.seen == [[3.0]]


def test_who_is_asked_alone_sees_what_the_others_gave_before() -> None:
    clock = Clock()
    onlooker = Onlooker()
    guard = Guard([onlooker, House([lambda: house({"open": 3})])], clock=clock)
    guard.gather(10)
    clock.now += 60
    guard.gather(10, only={onlooker.name})
    assert onlooker.seen == [[3.0], [3.0]]


@pytest.mark.parametrize(
    ("then", "seen"), [(gone, []), (broken, [3.0])], ids=["is no more", "for once failed"]
)
def test_what_is_no_more_is_forgotten_at_once_but_not_what_for_once_failed(
    then: Callable[[], list[Block]], seen: list[float]
) -> None:
    clock = Clock()
    onlooker = Onlooker()
    guard = Guard([onlooker, House([lambda: house({"open": 3}), then])], clock=clock)
    guard.gather(10)
    # Who has nothing to give rests meanwhile.
    clock.now += 60
    guard.gather(10)
    assert onlooker.seen == [[3.0], seen]
