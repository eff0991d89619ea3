"""node_exporter's own fixture machine, of its release 1.11."""

from pathlib import Path

import pytest

from lab.house import ROOT
from lab.ttar import unpack

FIXTURES = ROOT.parent / "shared/data/node_exporter-1.11.1"

# That of the fixture machine, as Ubuntu ships it; the fixtures we hold are without.
OS_RELEASE = """\
NAME="Ubuntu"
VERSION="20.04.2 LTS (Focal Fossa)"
ID=ubuntu
ID_LIKE=debian
PRETTY_NAME="Ubuntu 20.04.2 LTS"
VERSION_ID="20.04"
VERSION_CODENAME=focal
"""


def machine(root: Path) -> Path:
    """Laid out in a new folder, as /, with udev's data in udev/data; skips where it is not had."""
    if not FIXTURES.is_dir():
        pytest.skip(f"needs node_exporter's fixtures in {FIXTURES.name}, which are not here")
    for name in ("sys", "udev"):
        unpack(FIXTURES / f"{name}.ttar", root)
    (root / "textfile").symlink_to(FIXTURES / "textfile")
    (root / "proc").mkdir()
    for entry in (FIXTURES / "proc").iterdir():
        # A link to the reading process, kept there as a file.
        target = entry.read_text() if entry.name == "self" else entry
        (root / "proc" / entry.name).symlink_to(target)
    (root / "usr/lib").mkdir(parents=True)
    (root / "usr/lib/os-release").write_text(OS_RELEASE)
    return root
