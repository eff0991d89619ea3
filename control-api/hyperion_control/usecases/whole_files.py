"""Files that other programs read, written whole or not at all."""

import os
from pathlib import Path

# Who reads them may be another user of our group.
SECRET, OPEN = 0o640, 0o644


def put(file: Path, text: str, mode: int) -> None:
    if file.exists() and file.read_text() == text:
        return
    fresh = file.with_name(f".{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as written:
        written.write(text)
        written.flush()
        os.fsync(descriptor)
    fresh.replace(file)
