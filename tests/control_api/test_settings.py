"""Settings: what is read, and what refuses to start in one sentence."""

import base64
from ipaddress import ip_network
from pathlib import Path

import pytest

from hyperion_control.errors import StartRefused
from hyperion_control.settings import NAMES, Address, Settings

KEY = base64.b64encode(bytes(32)).decode()


def test_nothing_set_gives_what_works_on_one_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    assert settings.data == tmp_path / "var/control"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/control/control.sqlite"
    assert str(settings.listen) == "127.0.0.1:8080"
    assert settings.runbooks.parts[-2:] == ("prometheus", "runbooks")
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.secret_key is None, "made by init, never by default"
    assert settings.trusted_proxies == settings.cors_origins == ()
    assert not settings.open_registration
    assert settings.audit_keep_days == 365


def test_each_variable_is_read(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {
            "HYPERION_DATA": "/data",
            "HYPERION_DATABASE_URL": "postgresql://hyperion@db/hyperion",
            "HYPERION_LISTEN": "[::1]:9000",
            "HYPERION_RUNBOOKS": str(tmp_path),
            "HYPERION_PUBLIC_URL": "https://Hyperion.example.org/",
            "HYPERION_SECRET_KEY": KEY,
            "HYPERION_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128 192.0.2.1",
            "HYPERION_CORS_ORIGINS": "https://panel.example.org,http://localhost:3000",
            "HYPERION_OPEN_REGISTRATION": "yes",
            "HYPERION_SECOND_FACTOR": "all",
            "HYPERION_AUDIT_KEEP_DAYS": "0",
            "HYPERION_AUDIT_HEADS": "/elsewhere/heads.log",
            "HYPERION_PROMETHEUS_URL": "https://reader:secret@metrics.example.org/prometheus/",
            "HYPERION_ALERTMANAGER_URL": "http://[::1]:9093",
            "HYPERION_PROMETHEUS_TOKEN": "/data/sd_token",
            "HYPERION_VMAUTH_CONFIG": "/data/vmauth.yml",
        }
    )
    assert settings == Settings(
        data=Path("/data"),
        database_url="postgresql://hyperion@db/hyperion",
        listen=Address("::1", 9000),
        runbooks=tmp_path,
        public_url="https://hyperion.example.org",
        secret_key=bytes(32),
        trusted_proxies=(
            ip_network("10.0.0.0/8"),
            ip_network("::1/128"),
            ip_network("192.0.2.1/32"),
        ),
        cors_origins=("https://panel.example.org", "http://localhost:3000"),
        open_registration=True,
        second_factor_for_all=True,
        audit_keep_days=0,
        audit_heads="/elsewhere/heads.log",
        prometheus_url="https://reader:secret@metrics.example.org/prometheus",
        alertmanager_url="http://[::1]:9093",
        prometheus_token=Path("/data/sd_token"),
        vmauth_config=Path("/data/vmauth.yml"),
    )
    assert "reader:secret" not in repr(settings)
    assert str(settings.listen) == "[::1]:9000"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env(dict.fromkeys(NAMES, "")) == Settings.from_env({})


@pytest.mark.parametrize(
    "name",
    [
        "HYPERION_LAB",
        "HYPERION_DASHBOARDS",
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


@pytest.mark.parametrize("url", ["9090", "hunter2@h:9090", "ftp://h", "http://", "http://a b"])
def test_a_server_that_is_none_refuses_without_repeating_a_password(url: str) -> None:
    for name in ("HYPERION_PROMETHEUS_URL", "HYPERION_ALERTMANAGER_URL"):
        with pytest.raises(StartRefused, match=f"{name} is no address: write http://NAME") as r:
            Settings.from_env({name: url})
        assert "hunter2" not in str(r.value)


def test_runbooks_that_are_not_there_refuse(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="HYPERION_RUNBOOKS is .* which is not a folder"):
        Settings.from_env({"HYPERION_RUNBOOKS": str(tmp_path / "none")})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://hyperion:hunter2@db/hyperion\n")
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "key").chmod(0o600)
    settings = Settings.from_env(
        {
            "HYPERION_DATABASE_URL_FILE": str(tmp_path / "url"),
            "HYPERION_SECRET_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert settings.database_url == "postgresql://hyperion:hunter2@db/hyperion"
    assert settings.secret_key == bytes(32)
    assert "hunter2" not in repr(settings)
    assert "secret_key" not in repr(settings)


def test_the_key_that_init_made_is_found(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(f"{KEY}\n")
    (tmp_path / "secret.key").chmod(0o600)
    assert Settings.from_env({"HYPERION_DATA": str(tmp_path)}).secret_key == bytes(32)


@pytest.mark.parametrize("name", ["HYPERION_DATABASE_URL", "HYPERION_SECRET_KEY"])
def test_a_file_of_a_secret_that_cannot_be_used_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    for file, why in {
        "none": "cannot be read: No such file",
        "": "cannot be read: Is a directory",
        "empty": "is empty",
        "odd": "is not a text",
    }.items():
        with pytest.raises(StartRefused, match=f"{name}_FILE is '{tmp_path}.*{why}"):
            Settings.from_env({f"{name}_FILE": str(tmp_path / file)})


def test_a_secret_and_its_file_together_refuse(tmp_path: Path) -> None:
    for name in ("HYPERION_DATABASE_URL", "HYPERION_SECRET_KEY"):
        with pytest.raises(StartRefused, match=f"{name} and {name}_FILE are both set"):
            Settings.from_env({name: KEY, f"{name}_FILE": str(tmp_path)})


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o666, 0o777])
def test_a_key_that_everybody_may_read_refuses(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret.key"
    file.write_text(KEY)
    file.chmod(mode)
    for env in ({"HYPERION_DATA": str(tmp_path)}, {"HYPERION_SECRET_KEY_FILE": str(file)}):
        with pytest.raises(StartRefused, match=f"may read {file}: run chmod 600 {file}"):
            Settings.from_env(env)


@pytest.mark.parametrize("key", ["hunter2", KEY[:-4], f"{KEY}{KEY}", f" {KEY}", "é" * 44])
def test_a_key_that_is_none_refuses_without_repeating_it(key: str) -> None:
    with pytest.raises(StartRefused, match="HYPERION_SECRET_KEY is no key: write 32 bytes") as r:
        Settings.from_env({"HYPERION_SECRET_KEY": key})
    assert key not in str(r.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HYPERION_PUBLIC_URL", "hyperion.example.org", "write https://NAME"),
        ("HYPERION_PUBLIC_URL", "https://h/path", "write https://NAME"),
        ("HYPERION_CORS_ORIGINS", "*", "write https://NAME"),
        ("HYPERION_CORS_ORIGINS", "https://a,null", "write https://NAME"),
        ("HYPERION_CORS_ORIGINS", "https://*.example.org", "write https://NAME"),
        ("HYPERION_TRUSTED_PROXIES", "proxy", "write networks such as 10.0.0.0/8"),
        ("HYPERION_TRUSTED_PROXIES", "10.0.0.1/8", "write networks such as 10.0.0.0/8"),
        ("HYPERION_OPEN_REGISTRATION", "true", "write no or yes"),
        ("HYPERION_SECOND_FACTOR", "none", "write actors or all"),
        ("HYPERION_AUDIT_KEEP_DAYS", "-1", "write a number from 0 to 36500"),
        ("HYPERION_AUDIT_KEEP_DAYS", "1e3", "write a number from 0 to 36500"),
        ("HYPERION_AUDIT_KEEP_DAYS", "99999999", "write a number from 0 to 36500"),
    ],
)
def test_nonsense_refuses_with_the_right_form(name: str, value: str, said: str) -> None:
    with pytest.raises(StartRefused, match=f"^{name} .*{said}"):
        Settings.from_env({name: value})
