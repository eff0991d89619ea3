"""`python -m sources [FOLDER]` writes every dashboard as JSON, the same bytes each time."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from sources import DASHBOARDS
from sources.buttons import ASKED_FOR, with_buttons
from sources.organisation import of_organisation
from sources.queries import Json

DEFAULT = Path(__file__).resolve().parents[1] / "dashboards"


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m sources", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--organisation", metavar="NAME", help="those of this organisation alone")
    parser.add_argument("--control", metavar="URL", help="where it finds the control API")
    parser.add_argument(
        "--group", metavar="NAME=COLOUR", action="append", default=[], help="such as web=#2f6fde"
    )
    parser.add_argument("--buttons", choices=ASKED_FOR, help="that act, and by whose right")
    asked = parser.parse_args(words)
    if asked.folder == DEFAULT and (asked.organisation or asked.buttons):
        parser.error("name a folder: the one that is committed is as everybody wants it")
    try:
        boards = _of(asked) if asked.organisation or asked.control else DASHBOARDS
    except ValueError as error:
        parser.error(str(error))
    if asked.buttons:
        boards = [with_buttons(board, asked.buttons) for board in boards]
    write(boards, asked.folder)


def _of(asked: argparse.Namespace) -> Iterable[Json]:
    """Of one organisation."""
    if not (asked.organisation and asked.control):
        raise ValueError(
            "an organisation needs --control, the address of the control API, and only it"
        )
    colours = dict(group.split("=", 1) for group in asked.group if "=" in group)
    if len(colours) != len(asked.group):
        raise ValueError("--group is written NAME=COLOUR, such as web=#2f6fde, once for each")
    return of_organisation(asked.organisation, asked.control, colours)


def write(boards: Iterable[Json], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for board in boards:
        text = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{board['uid']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
