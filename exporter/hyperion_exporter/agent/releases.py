"""The releases below /opt/hyperion: a folder for each, and links that say which one runs."""

import compileall
import fcntl
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

HOME = Path("/opt/hyperion")
# What stays: what install.sh brought, what runs, what ran before, and what ran before a trial.
KEPT = ("installed", "current", "before", "back")
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Trial:
    """A release that runs and has not proven itself; on disk, since the power may go."""

    task: str
    release: str
    units: tuple[str, ...]
    seconds: int


class Releases:
    def __init__(self, home: Path = HOME) -> None:
        self._home = home
        self._lib = home / "lib"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Of two at once the second waits for the first."""
        held = os.open(self._lib, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def folder(self, release: str) -> Path:
        return self._lib / release

    def named(self, link: str) -> str:
        """Which release that is; empty: none."""
        path = self._home / link
        return path.readlink().name if path.is_symlink() else ""

    def add(self, release: str, package: bytes) -> None:
        """All of it or nothing."""
        self.prune()
        new = Path(tempfile.mkdtemp(prefix="new.", dir=self._lib))
        try:
            _unpack(package, new)
            new.chmod(0o755)
            final = self.folder(release)
            compileall.compile_dir(new, quiet=2, stripdir=str(new), prependdir=str(final))
            # A link that outlives a power cut must not lead to empty files.
            for path in (new, *new.rglob("*")):
                _flush(path)
            new.rename(final)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def trial(self) -> Trial | None:
        try:
            read = json.loads((self._home / "trial").read_text())
        except FileNotFoundError:
            return None
        return Trial(**{**read, "units": tuple(read["units"])})

    def begin(self, trial: Trial) -> None:
        """From here on the way back is ready, and needs no room on the disk."""
        self._link("back", self.named("current"))
        try:
            self._keep(trial)
            self._link("current", trial.release)
        except OSError:
            self.end_trial()
            raise

    def settle(self) -> None:
        """It has proven itself."""
        self.end_trial()
        (self._home / "back").replace(self._home / "before")
        self.prune()

    def take_back(self) -> None:
        (self._home / "back").replace(self._home / "current")
        _flush(self._home)

    def end_trial(self) -> None:
        (self._home / "trial").unlink(missing_ok=True)
        _flush(self._home)

    def _keep(self, trial: Trial) -> None:
        new = self._home / "trial.new"
        with new.open("w") as file:
            json.dump(asdict(trial), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._home / "trial")
        _flush(self._home)

    def _link(self, link: str, release: str) -> None:
        new = self._home / f"{link}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("lib") / release)
        new.replace(self._home / link)
        _flush(self._home)

    def prune(self) -> None:
        kept = {self.named(link) for link in KEPT}
        for path in self._lib.iterdir():
            if path.name not in kept:
                # What is left of a release is not to be taken for one.
                shutil.rmtree(path.rename(self._lib / f"gone.{path.name.removeprefix('gone.')}"))


def _unpack(package: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
            raise zipfile.BadZipFile(f"it holds more than {MOST_BYTES >> 20} MiB")
        archive.extractall(folder)


def _flush(path: Path) -> None:
    """Of a folder: what was renamed or removed there."""
    held = os.open(path, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
