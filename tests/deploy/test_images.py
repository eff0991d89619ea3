"""What our images are made of: pinned, nobody's root, no compiler, told by their labels."""

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from hyperion_control.usecases.handout import PACKAGE, UNITS
from lab.house import ROOT

IMAGES = {"exporter": "exporter/Dockerfile", "control-api": "control-api/Dockerfile"}
SCRIPTS = ("install.sh", "install.ps1")
PINNED = r"docker\.io/library/python:\d+\.\d+\.\d+-slim-\w+"


def steps(image: str) -> list[str]:
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / IMAGES[image]).read_text())
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def last_stage(image: str) -> list[str]:
    found = steps(image)
    return found[max(n for n, step in enumerate(found) if step.startswith("FROM ")) :]


def let_through(path: str) -> bool:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    return any(path == rule[1:] or path.startswith(f"{rule[1:]}/") for rule in rules)


def test_both_begin_from_the_same_pinned_python() -> None:
    bases = {step.split()[1] for image in IMAGES for step in steps(image) if step[:5] == "FROM "}
    assert [base for base in bases - {"scratch"} if not re.fullmatch(PINNED, base)] == []
    assert len(bases - {"scratch"}) == 1


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_told_whole_and_runs_as_nobody_special(image: str) -> None:
    stage = last_stage(image)
    [user] = [step.split()[1] for step in stage if step.startswith("USER ")]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert any(step.startswith("HEALTHCHECK ") for step in stage)
    [labels] = [step for step in stage if step.startswith("LABEL ")]
    assert "org.opencontainers.image.version" in labels


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_is_built_or_installed_that_is_not_locked(image: str) -> None:
    for step in steps(image):
        assert "apt-get" not in step and "apk add" not in step
        if "pip install" in step:
            locked = "--require-hashes" in step and "--only-binary :all:" in step
            assert locked or "--no-deps --no-build-isolation" in step


@pytest.mark.parametrize("image", IMAGES)
def test_the_result_gets_files_of_the_stage_before_only(image: str) -> None:
    copies = [step for step in last_stage(image) if step.startswith("COPY ")]
    assert copies and all("--from=build" in copy for copy in copies)


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_reaches_the_builder(image: str) -> None:
    for step in steps(image):
        if step.startswith("COPY ") and "--from" not in step:
            for source in step.split()[1:-1]:
                assert (ROOT / source).exists() and let_through(source), source


def test_the_control_api_has_all_that_it_hands_out() -> None:
    copied = {word for step in steps("control-api") if step[:5] == "COPY " for word in step.split()}
    handed_out = {f"exporter/{name}" for name in (*UNITS, *SCRIPTS, PACKAGE)}
    assert handed_out - copied == set()


def test_neither_data_nor_secrets_reach_the_builder() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(rule for rule in rules if rule and rule[0] != "#") == "*"
    for path in ("var/control/secret.key", ".env", "secrets/slack_url", ".git/config", "tests"):
        assert not let_through(path)
    assert any(fnmatch.fnmatch("x/__pycache__", rule) for rule in rules)


def test_amtool_is_of_the_alertmanager_that_compose_starts() -> None:
    copies = [step.split()[1] for step in steps("control-api") if "/bin/amtool" in step]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert copies == [f"--from={services['alertmanager']['image']}"]


def test_the_version_of_the_images_is_the_projects() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    built = [service for service in services.values() if "build" in service]
    assert len(built) == len(IMAGES)
    for service in built:
        assert service["build"]["args"]["VERSION"] == version
        assert service["image"].endswith(f":{version}")


def test_dockerfiles_are_those_that_compose_builds() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    built = {each["build"]["dockerfile"] for each in services.values() if "build" in each}
    assert built == {str(Path(file)) for file in IMAGES.values()}
