"""Programs out of the system's own Debian or Ubuntu packages, neither as root nor installed."""

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ETC = Path("/etc/apt")
SYSTEMS = ("debian", "ubuntu")
# What may stand behind a suite's name: what completes it. All else is somebody else's.
COMPLETIONS = ("", "-updates", "-security", "/updates")
# Options whose names differ between the one-line form of a source and the stanza form.
STANZA_NAMES = {"arch": "architectures", "lang": "languages", "target": "targets"}

# Where apt gets packages from: the fields of one stanza of a .sources file, names in lower case.
Source = dict[str, str]


class PackageError(Exception):
    """One sentence: what could not be had, why, and what to do."""


def available() -> bool:
    return all(shutil.which(program) for program in ("apt-get", "dpkg-deb"))


def fetch(names: Sequence[str], into: Path, suite: str | None = None, *, etc: Path = ETC) -> Path:
    """Unpack exactly these packages into a folder, without what they depend on.

    A folder that already holds them is left as it is, and one that is there is always complete.
    """
    if not available():
        raise PackageError(
            f"cannot get {_listed(names)}: this system has no apt-get and dpkg-deb;"
            " install it with the system's own package manager"
        )
    into = into.absolute()  # apt runs in a folder of its own
    try:
        with _alone(into):
            _fetch(names, into, suite, etc)
    except subprocess.CalledProcessError as error:
        reason = _why_not(error.stderr, suite or "this system", into)
        raise PackageError(f"cannot get {_listed(names)}: {reason}") from error
    except OSError as error:
        reason = _why_not(f"{error.strerror}: {error.filename}".lower(), "", into)
        raise PackageError(f"cannot get {_listed(names)}: {reason}") from error
    return into


def sources(etc: Path = ETC) -> list[Source]:
    """All enabled sources of a system; the ones that it came with first."""
    parts = [p for p in (etc / "sources.list.d").glob("*") if p.suffix in (".list", ".sources")]
    parts.sort(key=lambda part: (part.stem not in SYSTEMS, part.name))
    found: list[Source] = []
    for file in [etc / "sources.list", *parts]:
        if file.is_file():
            parse = stanzas if file.suffix == ".sources" else lines
            found += parse(file.read_text(errors="replace"))
    return [source for source in found if not source["uris"].startswith("cdrom:")]


def lines(text: str) -> Iterator[Source]:
    """The sources of a .list file."""
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[([^]]*)]\s*)?(\S+)\s+(\S+)([^#]*)", line)
        if found:
            options, uri, suite, components = found.groups()
            source = {"uris": uri, "suites": suite, "components": components.strip()}
            for option in (options or "").split():
                name, _, value = option.partition("=")
                source[STANZA_NAMES.get(name.lower(), name.lower())] = value.replace(",", " ")
            yield source


def stanzas(text: str) -> Iterator[Source]:
    """The enabled sources of a .sources file."""
    for block in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        # A line that begins with space goes on with the value above it, as a key in the file does.
        fields = re.findall(r"(?m)^(\S+?):(.*(?:\n[ \t].*)*)", block)
        source = {name.lower(): value.strip() for name, value in fields}
        if "deb" in source.get("types", "").split() and source.pop("enabled", "yes") != "no":
            yield {"components": ""} | source


def own(found: Sequence[Source], suite: str | None = None) -> list[Source]:
    """Of all sources those of the system itself, or its main one turned to another suite."""
    whole = [source for source in found if _suite(source) and "main" in source["components"]]
    if not whole:
        raise PackageError("no package source of Debian or Ubuntu is named in /etc/apt; add one")
    # What others added has a key of its own, or at least an address of its own.
    main = min(whole, key=lambda source: (not _is_ours(_key(source)), not _is_ours(source["uris"])))
    if suite:
        # Mirrors of other suites that stand still are common; signatures are checked all the same.
        return [main | {"suites": suite, "check-valid-until": "no"}]
    wanted = [f"{_suite(main)}{completion}" for completion in COMPLETIONS]
    return [
        source | {"suites": " ".join(suites)}
        for source in found
        if (suites := [suite for suite in source["suites"].split() if suite in wanted])
        and _key(source) == _key(main)
        and (source["uris"] == main["uris"] or _suite(main) not in suites)
    ]


def _suite(source: Source) -> str | None:
    """The suite that the others complete; None where only completions are named."""
    endings = ("-backports", *COMPLETIONS[1:])
    return next((name for name in source["suites"].split() if not name.endswith(endings)), None)


def _key(source: Source) -> str:
    return source.get("signed-by", SYSTEMS[0])


def _is_ours(text: str) -> bool:
    return any(system in text for system in SYSTEMS)


def _stanza(source: Source) -> str:
    fields = source | {"types": "deb", "targets": "Packages"}  # no icons, no translations
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _fetch(names: Sequence[str], into: Path, suite: str | None, etc: Path) -> None:
    receipt, contents = ".packages", f"{suite or 'own suite'}: {_listed(sorted(names))}\n"
    if (into / receipt).is_file() and (into / receipt).read_text() == contents:
        return
    wanted = own(sources(etc), suite)
    partial = into.with_name(f".{into.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what a killed run left
    try:
        root, debs, configuration = partial / "root", partial / "debs", partial / "apt.conf"
        for folder in (root, debs, partial / "lists/partial", partial / "cache/archives/partial"):
            folder.mkdir(parents=True)
        (partial / "status").touch()
        (partial / "own.sources").write_text("\n".join(map(_stanza, wanted)))
        configuration.write_text(_configuration(partial))
        for act in (["update"], ["download", *names]):
            _run(["apt-get", "-qq", "-c", str(configuration), *act], debs)
        for deb in sorted(debs.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(deb), str(root)], debs)
        (root / receipt).write_text(contents)
        if into.exists():
            shutil.rmtree(into)
        root.rename(into)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _configuration(partial: Path) -> str:
    """What makes apt private to a folder; the system's proxies and keys stay in force."""
    return f"""
Dir::State "{partial}";
Dir::State::lists "{partial}/lists";
Dir::State::status "{partial}/status";
Dir::Cache "{partial}/cache";
Dir::Etc::sourcelist "{partial}/own.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
// Hooks of the system work on the system's own lists.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
// Unreachable is a failure, not old lists; and it is found out in seconds.
APT::Update::Error-Mode "any";
Acquire::Retries "1";
Acquire::http::Timeout "10";
Acquire::https::Timeout "10";
// Root's apt would complain that its own user may not look into this folder.
APT::Sandbox::User "root";
"""


def _run(argv: list[str], folder: Path) -> None:
    english = os.environ | {"LC_ALL": "C"}
    subprocess.run(argv, cwd=folder, env=english, capture_output=True, text=True, check=True)


def _why_not(said: str, where: str, into: Path) -> str:
    """What apt, dpkg or the kernel said, in words that tell what to do."""
    if re.search(r"(?i)no space left|enough free space|wrote only", said):
        return f"the disk of {into.parent} is full; free some space and try again"
    if missing := re.search(r"Unable to locate package (\S+)|ackage '?(\S+?)'? has no inst", said):
        return f"{where} has no package named {missing[1] or missing[2]}"
    if re.search(r"resolving|onnect|timed out|unreachable", said):
        return "the package servers do not answer; check the network and try again"
    if re.search(r"is expired|not valid yet", said):
        return f"the lists for {where} are out of date: check this machine's clock and its mirror"
    if re.search(r"Release file|/dists/", said):
        return f"the package servers have no lists for {where}"
    return re.sub(r"\s+", " ", said).strip()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    into.parent.mkdir(parents=True, exist_ok=True)
    with (into.parent / f".{into.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="folder to unpack into")
    parser.add_argument("--suite", help="another release of the same system, for instance sid")
    parser.add_argument("names", nargs="+", metavar="NAME", help="package")
    arguments = parser.parse_args()
    try:
        fetch(arguments.names, arguments.into, arguments.suite)
    except PackageError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
