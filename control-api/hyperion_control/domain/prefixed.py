"""What several machines say at once, as lines that begin with the name of who said them."""

# A line that is longer, or has no end, is told in parts.
LONGEST = 8 * 1024
MARKS = {"stdout": b" | ", "stderr": b" ! "}


class Lines:
    """Gathers bytes until they make lines, for each machine and stream of its own."""

    def __init__(self) -> None:
        self._unfinished: dict[tuple[str, str], bytes] = {}
        self._places: dict[tuple[str, str], int] = {}

    def add(self, name: str, stream: str, start: int, data: bytes) -> bytes:
        whose = name, stream
        gap = start - self._places.get(whose, 0)
        self._places[whose] = start + len(data)
        held = self._unfinished.pop(whose, b"")
        if gap:
            held += b"\n" * bool(held) + b"[%d bytes are not kept]\n" % gap
        *lines, rest = (held + data).split(b"\n")
        while len(rest) > LONGEST:
            lines.append(rest[:LONGEST])
            rest = rest[LONGEST:]
        if rest:
            self._unfinished[whose] = rest
        return b"".join(_line(name, stream, line) for line in lines)

    def rest(self) -> bytes:
        """What was said last, without the end of a line."""
        return b"".join(_line(*whose, line) for whose, line in self._unfinished.items())


def _line(name: str, stream: str, line: bytes) -> bytes:
    return name.encode() + MARKS[stream] + line + b"\n"
