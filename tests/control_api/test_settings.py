"""Settings: what is read, and what refuses to start in one sentence."""

from pathlib import Path

import pytest

from hyperion_control.errors import StartRefused
from hyperion_control.settings import Address, Settings


def test_nothing_set_gives_what_works_on_one_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    assert settings.data == tmp_path / "var/control"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/control/control.sqlite"
    assert str(settings.listen) == "127.0.0.1:8080"
    assert settings.runbooks.parts[-2:] == ("prometheus", "runbooks")


def test_each_variable_is_read(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {
            "HYPERION_DATA": "/data",
            "HYPERION_DATABASE_URL": "postgresql://hyperion@db/hyperion",
            "HYPERION_LISTEN": "[::1]:9000",
            "HYPERION_RUNBOOKS": str(tmp_path),
        }
    )
    assert settings == Settings(
        data=Path("/data"),
        database_url="postgresql://hyperion@db/hyperion",
        listen=Address("::1", 9000),
        runbooks=tmp_path,
    )
    assert str(settings.listen) == "[::1]:9000"


def test_an_empty_variable_counts_as_not_set() -> None:
    names = ("HYPERION_DATA", "HYPERION_DATABASE_URL", "HYPERION_LISTEN", "HYPERION_RUNBOOKS")
    assert Settings.from_env(dict.fromkeys(names, "")) == Settings.from_env({})


@pytest.mark.parametrize(
    "name",
    [
        "HYPERION_LAB",
        "HYPERION_DASHBOARDS",
        "HYPERION_PROMETHEUS_URL",
        "HYPERION_ALERTMANAGER_URL",
        "HYPERION_EXPORTER_LISTEN",
        "PATH",
    ],
)
def test_variables_of_other_programs_are_left_alone(name: str) -> None:
    assert Settings.from_env({name: "x"}) == Settings.from_env({})


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("HYPERION_DATABASE_ULR", "HYPERION_DATABASE_URL"),
        ("HYPERION_DATABASEURL", "HYPERION_DATABASE_URL"),
        ("HYPERION_LISTEN_", "HYPERION_LISTEN"),
        ("HYPERION_LISTNE", "HYPERION_LISTEN"),
        ("HYPERION_RUNBOOK", "HYPERION_RUNBOOKS"),
        ("HYPERION_DATE", "HYPERION_DATA"),
    ],
)
def test_a_mistyped_variable_refuses_to_start_and_names_the_nearest(
    mistyped: str, meant: str
) -> None:
    with pytest.raises(StartRefused) as refusal:
        Settings.from_env({mistyped: "x"})
    assert str(refusal.value) == f"{mistyped} is unknown: did you mean {meant}?"


@pytest.mark.parametrize(
    "listen", ["8080", ":8080", "localhost", "127.0.0.1:0", "127.0.0.1:65536", "::1:80", "a b:80"]
)
def test_an_address_that_is_none_refuses_with_the_right_form(listen: str) -> None:
    with pytest.raises(StartRefused) as refusal:
        Settings.from_env({"HYPERION_LISTEN": listen})
    assert (
        str(refusal.value)
        == f"HYPERION_LISTEN is {listen!r}: write HOST:PORT, such as 127.0.0.1:8080"
    )


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "hunter2", "sqlite:///", "postgresql://"])
def test_a_database_that_is_none_refuses_without_repeating_a_password(url: str) -> None:
    with pytest.raises(
        StartRefused, match="HYPERION_DATABASE_URL is no address of a database"
    ) as r:
        Settings.from_env({"HYPERION_DATABASE_URL": url})
    assert "hunter2" not in str(r.value)


def test_runbooks_that_are_not_there_refuse(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="HYPERION_RUNBOOKS is .* which is not a folder"):
        Settings.from_env({"HYPERION_RUNBOOKS": str(tmp_path / "none")})
