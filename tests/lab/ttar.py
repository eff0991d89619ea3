"""node_exporter keeps its fixture trees as ttar, a tar in plain text; this unpacks one."""

import re
from pathlib import Path


def unpack(archive: Path, into: Path) -> None:
    lines = iter(archive.read_bytes().split(b"\n"))
    path = into
    for line in lines:
        word, _, rest = line.partition(b": ")
        if word == b"Directory":
            path = into / rest.decode()
            path.mkdir(parents=True, exist_ok=True)
        elif word == b"Path":
            path = into / rest.decode()
            path.parent.mkdir(parents=True, exist_ok=True)
        elif word == b"Lines":
            path.write_bytes(_body([next(lines) for _ in range(int(rest))]))
        elif word == b"SymlinkTo":
            path.symlink_to(rest.decode())
        elif word == b"Mode" and not path.is_symlink():
            path.chmod(int(rest, 8) | 0o600)


def _body(lines: list[bytes]) -> bytes:
    """`EOF` at the end: no final newline; NULLBYTE: a zero byte; unless a backslash is before."""
    body = b"".join(line + b"\n" for line in lines)
    if body.endswith(b"EOF\n") and not body.endswith(b"\\EOF\n"):
        body = body[: -len(b"EOF\n")]
    body = re.sub(rb"(?<!\\)NULLBYTE", b"\0", body)
    return body.replace(b"\\NULLBYTE", b"NULLBYTE").replace(b"\\EOF", b"EOF")
