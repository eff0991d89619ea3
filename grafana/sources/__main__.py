"""`python -m sources [FOLDER]` writes every dashboard as JSON, the same bytes each time."""

import json
import sys
from pathlib import Path

from sources import DASHBOARDS

DEFAULT = Path(__file__).resolve().parents[1] / "dashboards"


def main(folder: Path) -> None:
    for dashboard in DASHBOARDS:
        text = json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{dashboard['uid']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
