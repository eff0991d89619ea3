"""Looking for processes that should, or should not, be there."""

from pathlib import Path


def living(word: str) -> list[str]:
    """Command lines that hold this word; what has ended and was not asked about has none."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if word in line:
            found.append(line.strip())
    return found
