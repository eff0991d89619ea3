"""Programs asked for their answer: real ones, that answer, hang, flood and are missing."""

import sys
import time
from pathlib import Path

import pytest

from hyperion_exporter.sources import program
from hyperion_exporter.sources.program import Failed, run
from lab.wait import wait_for


def python(code: str, seconds: float = 20) -> program.Output:
    return run([sys.executable, "-c", code], seconds, {"COLOUR": "none"})


def test_its_words_and_its_status_are_the_answer() -> None:
    output = python("import os; print(os.environ['COLOUR'], os.environ['LC_ALL']); exit(100)")
    assert output == (100, b"none C.UTF-8\n")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert python("import sys; sys.stdout.buffer.write(b'caf\\xe9')").words() == "caf\ufffd"


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: object) -> None:
    sleeper = "import subprocess, time; subprocess.Popen(['sleep', '71']); time.sleep(72)"
    begun = time.monotonic()
    with pytest.raises(Failed, match="gave no answer within 1 s"):
        python(sleeper, 1)
    assert time.monotonic() - begun < 15
    wait_for(lambda: not _sleeping("71"), 10, "what it started to end")


def test_one_that_closes_its_output_and_stays_is_ended() -> None:
    with pytest.raises(Failed, match="gave no answer"):
        python("import os, time; os.close(1); time.sleep(73)", 1)
    assert not _sleeping("73")


def test_one_that_never_stops_talking_is_ended() -> None:
    with pytest.raises(Failed, match="more than 8 MB"):
        python("while True: print('x' * 10000)")


def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(Failed, match="such cannot be started: No such file"):
        run(["/no/such"], 1)


def test_one_that_is_no_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "smartctl").write_text("no program")
    (tmp_path / "smartctl").chmod(0o755)
    with pytest.raises(Failed, match="smartctl cannot be started: Exec format error"):
        run([tmp_path / "smartctl"], 1)


def _sleeping(seconds: str) -> bool:
    listed = run(["ps", "-eo", "args"], 10).words()
    return any(
        line == f"sleep {seconds}" or line.endswith(f"sleep({seconds})")
        for line in listed.splitlines()
    )
