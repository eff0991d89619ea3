"""What waits: in order, bounded, over a new start, and without a disk too."""

from pathlib import Path

from hyperion_exporter.agent.remote_backlog import SOON_SECONDS, Backlog


def drained(backlog: Backlog) -> list[bytes]:
    found = []
    while (data := backlog.first()) is not None:
        found.append(data)
        backlog.done()
    return found


def test_what_is_soon_sent_never_meets_the_disk(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "backlog")
    for number in range(20):
        backlog.add(b"%d" % number)
        assert drained(backlog) == [b"%d" % number]
    assert list(tmp_path.iterdir()) == []


def test_what_waits_longer_outlives_whoever_keeps_it(tmp_path: Path) -> None:
    requests, times = [b"1", b"2", b"3"], iter((100.0, 100.0, 100.1 + SOON_SECONDS))
    backlog = Backlog(tmp_path / "backlog", clock=lambda: next(times))
    for request in requests:
        assert list(tmp_path.iterdir()) == []
        backlog.add(request)
    after = Backlog(tmp_path / "backlog")
    after.add(b"new")
    assert drained(after) == [*requests, b"new"]
    assert list((tmp_path / "backlog").iterdir()) == []


def test_what_is_kept_at_the_end_is_there_at_the_next_start(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "backlog")
    backlog.add(b"only")
    backlog.keep()
    assert drained(Backlog(tmp_path / "backlog")) == [b"only"]


def test_of_too_much_the_oldest_is_let_go(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "backlog", most=10)
    backlog.add(b"first")
    assert backlog.first() == b"first"
    backlog.add(b"second")
    backlog.done()
    assert backlog.first() == b"second", "another had been let go while it was sent"
    backlog.keep()
    backlog.add(b"eleven byte")
    assert backlog.first() is None
    assert list((tmp_path / "backlog").iterdir()) == []


def test_what_was_torn_or_cleared_away_is_passed_over(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "backlog")
    backlog.add(b"first")
    backlog.keep()
    backlog.add(b"second")
    for file in (tmp_path / "backlog").iterdir():
        file.rename(file.with_suffix(".new"))
    assert drained(backlog) == [b"second"]
    assert drained(Backlog(tmp_path / "backlog")) == []
    assert list((tmp_path / "backlog").iterdir()) == []


def test_without_room_on_the_disk_memory_has_to_do(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "gone" / "backlog")
    backlog.add(b"1")
    backlog.keep()
    backlog.add(b"2")
    assert drained(backlog) == [b"1", b"2"]
