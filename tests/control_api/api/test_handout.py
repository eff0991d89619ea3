"""/install.sh: what a machine gets is whole, checked, and starts with the system's Python alone."""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hyperion_control.errors import Unavailable
from hyperion_control.usecases import handout
from lab.databases import ON_SQLITE
from lab.house import ROOT


@ON_SQLITE
def test_the_script_holds_the_checksum_of_the_package(client: FlaskClient) -> None:
    script, package = client.get("/install.sh"), client.get("/install/package.zip")
    assert f"sha256='{hashlib.sha256(package.data).hexdigest()}'" in script.text
    assert "url='http://127.0.0.1:8080'" in script.text
    assert "@" not in script.text.replace('"$@"', "")
    subprocess.run(["sh", "-n"], input=script.data, check=True)


@ON_SQLITE
def test_the_script_for_windows_holds_the_same(client: FlaskClient) -> None:
    script, package = client.get("/install.ps1"), client.get("/install/package.zip")
    assert f"$Sha256 = '{hashlib.sha256(package.data).hexdigest()}'" in script.text
    assert "$Url = 'http://127.0.0.1:8080'" in script.text


@ON_SQLITE
@pytest.mark.parametrize("program", ["cli", "agent.cli"])
def test_the_package_needs_nothing_but_python(
    client: FlaskClient, tmp_path: Path, program: str
) -> None:
    """As the script starts it: without what this Python has installed."""
    package = client.get("/install/package.zip").data
    zipfile.ZipFile(io.BytesIO(package)).extractall(tmp_path)
    run = f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
    run += f"from hyperion_exporter.{program} import main; main(['--version'])"
    own = [sys.executable, "-I", "-S", "-c", run]
    said = subprocess.run(own, capture_output=True, text=True, timeout=60)
    assert "0.1.0" in said.stdout, said.stderr


def test_the_same_files_make_the_same_package() -> None:
    first = handout.package(ROOT / "exporter")
    handout.package.cache_clear()
    assert handout.package(ROOT / "exporter") == first


def test_who_has_no_exporter_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="without the exporter"):
        handout.package(tmp_path)
