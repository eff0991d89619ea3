"""`python -m sources [FOLDER]` writes every dashboard as JSON, the same bytes each time."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from sources import DASHBOARDS
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
    asked = parser.parse_args(words)
    if bool(asked.organisation) != bool(asked.control):
        parser.error("an organisation needs --control, the address of the control API, and only it")
    boards: Iterable[Json] = DASHBOARDS
    if asked.organisation:
        if asked.folder == DEFAULT:
            parser.error("name a folder: the one of all organisations is not for one of them")
        colours = dict(group.split("=", 1) for group in asked.group if "=" in group)
        if len(colours) != len(asked.group):
            parser.error("--group is written NAME=COLOUR, such as web=#2f6fde, once for each")
        try:
            boards = of_organisation(asked.organisation, asked.control, colours)
        except ValueError as error:
            parser.error(str(error))
    write(boards, asked.folder)


def write(boards: Iterable[Json], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for board in boards:
        text = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{board['uid']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
