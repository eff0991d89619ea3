"""Packages without installing them, out of a package source of the test's own."""

import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from hyperion_control.up import packages
from hyperion_control.up.packages import PackageError
from lab.programs import missing

LINES = """
# deb http://commented.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12 _Bookworm_ - Official]/ bookworm main
deb-src http://deb.example/debian bookworm main
deb [arch=amd64,i386 Signed-By=/Keys/debian.gpg] http://deb.example/debian bookworm main extra # x
deb [signed-by=/Keys/debian.gpg] http://deb.example/debian bookworm-backports main
deb [signed-by=/Keys/debian.gpg] http://safe.example/debian bookworm-security main
deb [signed-by=/Keys/vendor-keyring.gpg] http://vendor.example bookworm main
deb [signed-by=/Keys/vendor-keyring.gpg] http://vendor.example bookworm-updates main
deb http://old-vendor.example bookworm-vendor main
"""
STANZAS = """
# The system's own.
Types: deb deb-src
URIs: http://deb.example/ubuntu
Suites: noble noble-updates noble-backports
# a comment between
Components: main universe
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 ubuntu
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://off.example/ubuntu
Suites: noble
Components: main

Types: deb-src
URIs: http://sources.example/ubuntu
Suites: noble
Components: main
"""


def system(etc: Path, **files: str) -> Path:
    (etc / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        (etc / name.replace("__", "/").replace("_", ".")).write_text(text)
    return etc


def deb(folder: Path, name: str, size: int = 10) -> str:
    """Build a package with one program in it and return its entry for the list of packages."""
    root = folder / "build" / name
    (root / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Ada\nDescription: x\n"
    (root / "DEBIAN/control").write_text(control)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin" / name).write_bytes(os.urandom(size))
    file = folder / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", root, file], check=True, capture_output=True)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control}Filename: {file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def system_with_packages(folder: Path) -> Path:
    """A system whose main source is a folder of two packages, beside a vendor's that is gone."""
    archive = folder / "debian"
    lists = archive / "dists/stable/main/binary-all"
    lists.mkdir(parents=True)
    (lists / "Packages").write_text(deb(archive, "probe") + "\n" + deb(archive, "large", 9_000_000))
    digest = hashlib.sha256((lists / "Packages").read_bytes()).hexdigest()
    size = (lists / "Packages").stat().st_size
    (archive / "dists/stable/Release").write_text(
        "Suite: stable\nCodename: stable\nComponents: main\nArchitectures: all\n"
        f"SHA256:\n {digest} {size} main/binary-all/Packages\n"
    )
    return system(
        folder / "etc",
        sources_list=f"deb [trusted=yes] copy:{archive} stable main\n",
        sources_list_d__vendor_list="deb [signed-by=/vendor.gpg] http://127.0.0.1:1 stable main\n",
    )


@pytest.fixture
def apt() -> None:
    if not packages.available():
        missing("apt-get and dpkg-deb")


@pytest.fixture
def etc(apt: None, tmp_path: Path) -> Path:
    return system_with_packages(tmp_path)


def test_a_package_is_unpacked_and_nothing_else_is_left(etc: Path, tmp_path: Path) -> None:
    into = packages.fetch(["probe"], tmp_path / "deep/into", etc=etc)
    assert (into / "usr/bin/probe").stat().st_size == 10
    assert sorted(p.name for p in into.parent.iterdir()) == [".into.lock", "into"]


def test_what_is_there_is_not_fetched_again(etc: Path, tmp_path: Path) -> None:
    packages.fetch(["probe"], tmp_path / "into", etc=etc)
    shutil.rmtree(tmp_path / "debian")
    packages.fetch(["probe"], tmp_path / "into", etc=etc)
    with pytest.raises(PackageError, match="cannot get large"):
        packages.fetch(["large"], tmp_path / "into", etc=etc)
    assert (tmp_path / "into/usr/bin/probe").exists()


def test_other_packages_take_the_place_of_the_old_ones(etc: Path, tmp_path: Path) -> None:
    packages.fetch(["probe"], tmp_path / "into", etc=etc)
    packages.fetch(["large"], tmp_path / "into", etc=etc)
    assert [p.name for p in (tmp_path / "into/usr/bin").iterdir()] == ["large"]


def test_lines_name_sources() -> None:
    found = list(packages.lines(LINES))
    assert found[1] == {
        "uris": "http://deb.example/debian",
        "suites": "bookworm",
        "components": "main extra",
        "architectures": "amd64 i386",
        "signed-by": "/Keys/debian.gpg",
    }
    assert [source["suites"] for source in found[2:]] == [
        "bookworm-backports",
        "bookworm-security",
        "bookworm",
        "bookworm-updates",
        "bookworm-vendor",
    ]


def test_stanzas_name_sources() -> None:
    [found] = packages.stanzas(STANZAS)
    assert found["uris"] == "http://deb.example/ubuntu"
    assert found["suites"] == "noble noble-updates noble-backports"
    assert found["components"] == "main universe"
    assert found["signed-by"].splitlines()[-1] == " -----END PGP PUBLIC KEY BLOCK-----"


def test_a_system_keeps_to_its_own_sources(tmp_path: Path) -> None:
    found = packages.own(packages.sources(system(tmp_path, sources_list=LINES)))
    assert [(source["uris"], source["suites"]) for source in found] == [
        ("http://deb.example/debian", "bookworm"),
        ("http://safe.example/debian", "bookworm-security"),
    ]


def test_a_vendor_in_front_is_not_taken_for_the_system(tmp_path: Path) -> None:
    vendor = "Types: deb\nURIs: http://vendor.example\nSuites: noble\nComponents: main\n"
    etc = system(tmp_path, sources_list_d__a_sources=vendor, sources_list_d__b_sources=STANZAS)
    [found] = packages.own(packages.sources(etc))
    assert (found["uris"], found["suites"]) == ("http://deb.example/ubuntu", "noble noble-updates")


def test_another_suite_comes_from_the_main_source(tmp_path: Path) -> None:
    etc = system(tmp_path, sources_list=LINES)
    [found] = packages.own(packages.sources(etc), "sid")
    assert (found["uris"], found["suites"]) == ("http://deb.example/debian", "sid")
    assert found["check-valid-until"] == "no", "a mirror that stands still serves as well"
    assert found["signed-by"] == "/Keys/debian.gpg"


def test_a_system_without_sources_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no package source of Debian or Ubuntu"):
        packages.own(packages.sources(tmp_path))


@pytest.mark.parametrize(
    ("name", "suite", "sentence"),
    [
        ("nonesuch", None, "cannot get nonesuch: this system has no package named nonesuch"),
        ("probe", "nonesuite", "cannot get probe: the package servers have no lists for nonesuite"),
    ],
)
def test_what_does_not_exist_is_named(
    etc: Path, tmp_path: Path, name: str, suite: str | None, sentence: str
) -> None:
    with pytest.raises(PackageError) as error:
        packages.fetch([name], tmp_path / "into", suite, etc=etc)
    assert str(error.value) == sentence
    assert not (tmp_path / "into").exists()


def test_without_network_the_sentence_says_so(apt: None, tmp_path: Path) -> None:
    etc = system(tmp_path / "etc", sources_list="deb http://127.0.0.1:1/debian stable main")
    with pytest.raises(PackageError, match="do not answer; check the network and try again"):
        packages.fetch(["probe"], tmp_path / "into", etc=etc)


def test_without_apt_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackageError, match="this system has no apt-get and dpkg-deb"):
        packages.fetch(["probe"], tmp_path / "into")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a small disk")
def test_a_full_disk_is_named_and_nothing_is_left_on_it(etc: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], check=True)
    try:
        with pytest.raises(PackageError, match=f"the disk of {disk} is full; free some space"):
            packages.fetch(["large"], disk / "into", etc=etc)
        assert [p.name for p in disk.iterdir()] == [".into.lock"]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_cannot_be_made_is_named(etc: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PackageError, match=f"cannot get probe: .*: {tmp_path}/file"):
        packages.fetch(["probe"], tmp_path / "file/into", etc=etc)


FETCH = """
    import sys
    from pathlib import Path
    from hyperion_control.up import packages
    packages.fetch(["probe"], Path(sys.argv[1]), etc=Path(sys.argv[2]))
"""


def start(into: Path, etc: Path, path: str = os.environ["PATH"]) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", textwrap.dedent(FETCH), str(into), str(etc)]
    return subprocess.Popen(argv, env=os.environ | {"PATH": path})


def test_two_at_once_do_not_hurt_each_other(etc: Path, tmp_path: Path) -> None:
    both = [start(tmp_path / "into", etc) for _ in range(2)]
    assert [one.wait(30) for one in both] == [0, 0]
    assert (tmp_path / "into/usr/bin/probe").exists()


def test_a_killed_fetch_leaves_nothing_that_looks_complete(etc: Path, tmp_path: Path) -> None:
    # A dpkg-deb that tells us that it began, and then kills the fetch in the middle of its work.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dpkg-deb").write_text("#!/bin/sh\nmkdir -p $3/usr/bin\nkill -9 $PPID\n")
    (tmp_path / "bin/dpkg-deb").chmod(0o755)
    with start(tmp_path / "into", etc, f"{tmp_path}/bin:{os.environ['PATH']}") as killed:
        assert killed.wait(30) == -signal.SIGKILL
    assert (tmp_path / ".into.partial/root/usr/bin").exists()
    assert not (tmp_path / "into").exists()
    packages.fetch(["probe"], tmp_path / "into", etc=etc)
    assert not (tmp_path / ".into.partial").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: becomes an ordinary user")
def test_an_ordinary_user_needs_no_rights(apt: None) -> None:
    nobody = 65534

    def as_nobody() -> None:
        os.setgroups([])
        os.setgid(nobody)
        os.setuid(nobody)
        packages.fetch(["probe"], folder / "into", etc=folder / "etc")

    # Not tmp_path: only root may look into it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        system_with_packages(folder)
        os.chown(folder, nobody, nobody)
        user = multiprocessing.get_context("fork").Process(target=as_nobody)
        user.start()
        user.join(30)
        assert user.exitcode == 0
        assert (folder / "into/usr/bin/probe").stat().st_uid == nobody


def test_lists_that_ran_out_are_told_apart_from_lists_that_never_were() -> None:
    said = "E: Release file for copy:/x/dists/sid/InRelease is expired (invalid since 14d)."
    assert "out of date: check this machine's clock" in packages._why_not(said, "sid", Path("/x"))
