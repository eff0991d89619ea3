"""The configuration file: what it may say, what comes before it, and how it is refused."""

from pathlib import Path

import pytest

from hyperion_exporter import config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.config import Config, example
from hyperion_exporter.config.settings import ConfigError, every
from hyperion_exporter.paths import Paths
from lab.lamps import KINDS, Doors, Lamps, Options

FILES = Path(__file__).parent
EXAMPLE = Path(__file__).parents[3] / "exporter/exporter.example.yml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exporter.yml"


def read(file: Path, *argv: str, **environ: str) -> Config:
    variables = {f"HYPERION_EXPORTER_{name}": text for name, text in environ.items()}
    return config.read([f"--config.file={file}", *argv], KINDS, variables)


def lamps(settings: Config) -> Lamps:
    [found] = [c for c in settings.collectors if type(c) is Lamps]
    return found


def test_the_file_says_all_that_flags_can(file: Path) -> None:
    file.write_text("""
web:
  listen_address: ['127.0.0.1:1', '[::1]:2']
  telemetry_path: /m
  max_requests: 3
  config_file: web.yml
log: {level: debug, format: json}
path: {procfs: /host/proc, udev_data: /host/udev}
collectors:
  doors: {enabled: true}
  lamps: {device_exclude: ^veth, whole_names: false, most: 7}
""")
    settings = read(file)
    assert settings.listen == ("127.0.0.1:1", "[::1]:2")
    assert (settings.telemetry_path, settings.max_requests) == ("/m", 3)
    assert settings.web_file == file.parent / "web.yml", "from where the file is"
    assert (settings.log_level, settings.log_format) == ("debug", "json")
    assert [collector.name for collector in settings.collectors] == ["doors", "lamps"]
    assert lamps(settings).chosen == Options("^veth", False, 7)
    assert lamps(settings).paths == Paths(Path("/host/proc"), udev_data=Path("/host/udev"))


def test_a_flag_comes_before_the_environment_and_that_before_the_file(file: Path) -> None:
    file.write_text("collectors: {lamps: {most: 1, device_exclude: file}, doors: {enabled: true}}")
    variable = {"COLLECTOR_LAMPS_MOST": "2", "COLLECTOR_DOORS": "false"}
    assert lamps(read(file)).chosen == Options("file", True, 1)
    settings = read(file, **variable)
    assert lamps(settings).chosen == Options("file", True, 2)
    assert not any(isinstance(collector, Doors) for collector in settings.collectors)
    settings = read(file, "--collector.lamps.most=3", "--collector.doors", **variable)
    assert lamps(settings).chosen == Options("file", True, 3)
    assert any(isinstance(collector, Doors) for collector in settings.collectors)


def test_a_list_takes_the_place_of_the_one_behind_it(file: Path) -> None:
    file.write_text("web: {listen_address: [':1', ':2']}")
    assert read(file, WEB_LISTEN_ADDRESS=":3, :4").listen == (":3", ":4")
    assert read(file, "--web.listen-address=:5", WEB_LISTEN_ADDRESS=":3").listen == (":5",)


def test_the_environment_can_name_the_file(file: Path) -> None:
    file.write_text("log: {level: warn}")
    settings = config.read([], KINDS, {"HYPERION_EXPORTER_CONFIG_FILE": str(file)})
    assert settings.log_level == "warn"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "web:\n", "web: {telemetry_path: }", "collectors: {lamps: ~}"]
)
def test_what_is_empty_says_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert read(file).telemetry_path == "/metrics"
    assert lamps(read(file)).chosen == Options()


def test_all_collectors_can_be_off_but_those_that_are_named(file: Path) -> None:
    file.write_text("collectors: {disable_defaults: true, doors: {enabled: true}}")
    assert [collector.name for collector in read(file).collectors] == ["doors"]


def test_the_example_is_what_the_program_prints() -> None:
    now = example.text(every(COLLECTORS))
    assert EXAMPLE.read_text() == now, "if that is meant: see --config.example"


def test_the_example_changes_nothing() -> None:
    with_it = config.read([f"--config.file={EXAMPLE}"], COLLECTORS)
    without = config.read([], COLLECTORS)
    assert list(with_it.made) == list(without.made)
    fields = ("listen", "systemd_socket", "telemetry_path", "web_file", "max_requests",
              "log_level", "log_format")  # fmt: skip
    assert [getattr(with_it, name) for name in fields] == [
        getattr(without, name) for name in fields
    ]


@pytest.mark.parametrize("bad", sorted(FILES.glob("*.bad.yml")), ids=lambda path: path.name)
def test_a_bad_file_is_refused_in_one_sentence(bad: Path) -> None:
    """Which one stands in its first line."""
    expected = bad.read_text().splitlines()[0].removeprefix("# FILE")
    with pytest.raises(ConfigError) as refused:
        config.read([f"--config.file={bad}"], COLLECTORS)
    assert str(refused.value) == f"{bad}{expected}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"web: \xff\n", ": is no text in UTF-8"),
        (b"web: \x01\n", ": is no YAML"),
        (b"[" * 5000, ": is no YAML"),
        (b"&a {web: *a}\n", " line 1: web: unknown key web.web; --config.example prints every key"),
    ],
)
def test_what_is_no_text_is_refused(file: Path, content: bytes, sentence: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        read(file)
    assert str(refused.value).startswith(str(file))
    assert str(refused.value).count("\n") == 0


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(file)
    assert str(refused.value) == f"{file}: cannot be read: No such file or directory"
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read(file.parent)
