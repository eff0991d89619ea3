"""Stand-ins for images of registries: Debian's programs under the names that are asked for."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from hyperion_control.up import packages
from lab import programs
from lab.deploying import deploying
from lab.engine import Engine
from lab.house import ROOT
from lab.programs import Missing, find, folder, missing

SUITE = "trixie"
INCLUDE = "ca-certificates,python3,python3-pip,python3-venv,wget"
LOCK = ROOT / "control-api/requirements.lock"
# Python's libraries as files: within a build there is no network.
PIP = "[global]\nno-index = true\nfind-links = /wheels\n"


def base() -> Path:
    """A small Debian with Python and wheels of our libraries; made again when the lock changes."""
    recipe = hashlib.sha256(f"{INCLUDE} {LOCK.read_text()}".encode()).hexdigest()[:12]
    ready = folder() / f"image-python-{recipe}.tar"
    if not ready.exists():
        partial = folder() / ".image-python.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            _make(partial)
            tarred = ready.with_suffix(".partial")
            _run(["tar", "--create", f"--file={tarred}", f"--directory={partial}", "."])
            tarred.rename(ready)
        except packages.PackageError as error:
            missing(f"an image of Debian: {error}")
        except Missing as error:
            missing(str(error))
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return ready


def _make(partial: Path) -> None:
    source = packages.own(packages.sources())[0]["uris"].split()[0]
    flags = ["--variant=minbase", f"--include={INCLUDE}"]
    _run(["unshare", "--mount", find("debootstrap"), *flags, SUITE, partial, source])
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    download += ["--require-hashes", "--only-binary=:all:", "--python-version=3.13"]
    download += [f"--platform=manylinux{era}_x86_64" for era in ("2014", "_2_28", "_2_34")]
    _run([*download, f"--dest={partial}/wheels", f"--requirement={LOCK}"])
    (partial / "etc/pip.conf").write_text(PIP)
    for ballast in ("usr/share/doc", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(partial / ballast)


def _run(argv: list[object]) -> None:
    words = [str(word) for word in argv]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last = " ".join(done.stdout.splitlines()[-3:])
        raise Missing(f"an image of Debian {SUITE}, which could not be made: {last}")


def provide(engine: Engine, compose: Path, scratch: Path) -> None:
    """What Docker would pull, by the names that the file has."""
    services = yaml.safe_load(compose.read_text())["services"]
    dockerfile = (ROOT / "control-api/Dockerfile").read_text().splitlines()
    python = next(line.split()[1] for line in dockerfile if line.startswith("FROM "))
    engine.docker("import", base(), python)
    for service, recipe in _recipes().items():
        place = scratch / service
        place.mkdir()
        lines = [f"FROM {python}", *_copied(recipe, place)]
        if service != "caddy":  # whose image names no program and no folder of its own either
            program = next(iter(recipe))
            lines += [
                f"RUN install -d -o 65534 -g 65534 /{service}",
                f'ENTRYPOINT ["{program}"]',
            ]
        (place / "Dockerfile").write_text("\n".join(lines))
        engine.docker("build", "--quiet", "--tag", services[service]["image"], place)


def _copied(recipe: dict[str, Path], place: Path) -> Iterator[str]:
    for target, source in recipe.items():
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, place / source.name)
        yield f"COPY {source.name} {target}"


def _recipes() -> dict[str, dict[str, Path]]:
    """For each service, by where a file is in the image, where it comes from; the program first."""
    prometheus, alertmanager = find("prometheus", "3.5"), find("alertmanager", "0.33")
    root = programs.root(alertmanager) or Path("/")
    blackbox = "prometheus-blackbox-exporter"
    unpacked = packages.fetch([blackbox], folder() / blackbox, "sid")
    return {
        "prometheus": {
            "/bin/prometheus": prometheus,
            "/bin/promtool": find("promtool", "3.5"),
        },
        "alertmanager": {
            "/bin/alertmanager": alertmanager,
            "/bin/amtool": find("amtool", "0.33"),
            "/usr/share/prometheus/alertmanager/": root / "usr/share/prometheus/alertmanager",
        },
        "blackbox": {"/bin/blackbox_exporter": unpacked / "usr/bin" / blackbox},
        "caddy": {"/usr/bin/caddy": deploying("caddy")},
    }
