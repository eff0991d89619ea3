"""Flags into what runs; what is wrong is named, with the nearest right one."""

from pathlib import Path

import pytest

from hyperion_exporter import __version__, config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.collectors.exporter import Exporter
from hyperion_exporter.config.flags import NOT_HERE, WITHOUT_EFFECT
from hyperion_exporter.config.settings import ConfigError, every
from hyperion_exporter.paths import Paths
from lab.lamps import KINDS, Lamps, Options


def read(*argv: str) -> config.Config:
    return config.read(argv, KINDS)


def names(*argv: str) -> list[str]:
    return [collector.name for collector in read(*argv).collectors]


def refusal(*argv: str) -> str:
    with pytest.raises(ConfigError) as refused:
        config.read(argv, (*KINDS, *COLLECTORS))
    return str(refused.value)


def test_without_flags_it_serves_what_is_on_by_default() -> None:
    settings = read()
    assert [collector.name for collector in settings.collectors] == ["lamps"]
    assert (settings.listen, settings.telemetry_path) == ((":9100",), "/metrics")
    assert (settings.command, settings.without_effect) == ("serve", ())
    assert (settings.max_requests, settings.web_file, settings.systemd_socket) == (40, None, False)
    assert (settings.log_level, settings.log_format) == ("info", "logfmt")
    [lamps] = settings.collectors
    assert isinstance(lamps, Lamps)
    assert (lamps.paths, lamps.chosen) == (Paths(), Options())


@pytest.mark.parametrize(
    ("argv", "on"),
    [
        (["--collector.doors"], ["doors", "lamps"]),
        (["--no-collector.lamps"], []),
        (["--no-collector.doors"], ["lamps"]),
        (["--collector.disable-defaults"], []),
        (["--collector.disable-defaults", "--collector.lamps"], ["lamps"]),
        (["--collector.lamps", "--collector.disable-defaults"], ["lamps"]),
        (["--collector.disable-defaults", "--collector.doors"], ["doors"]),
        (["--collector.lamps", "--no-collector.lamps"], []),
    ],
)
def test_collectors_are_switched_on_and_off(argv: list[str], on: list[str]) -> None:
    assert names(*argv) == on


def test_every_option_of_a_collector_is_a_flag() -> None:
    [lamps] = read("--collector.lamps.device-exclude=^veth", "--no-collector.lamps.whole-names",
                   "--collector.lamps.most", "7").collectors  # fmt: skip
    assert isinstance(lamps, Lamps)
    assert lamps.chosen == Options("^veth", False, 7)


def test_the_roots_can_be_moved() -> None:
    [lamps] = read("--path.procfs=/a", "--path.sysfs=/b", "--path.rootfs=/c",
                   "--path.udev.data=/d").collectors  # fmt: skip
    assert isinstance(lamps, Lamps)
    assert lamps.paths == Paths(Path("/a"), Path("/b"), Path("/c"), Path("/d"))


def test_it_serves_where_it_is_told() -> None:
    settings = read("--web.listen-address=127.0.0.1:1", "--web.listen-address=[::1]:2",
                    "--web.telemetry-path=/m")  # fmt: skip
    assert settings.listen == ("127.0.0.1:1", "[::1]:2")
    assert settings.telemetry_path == "/m"


@pytest.mark.parametrize(
    "command", ["once", "dry-run", "collector.list", "config.check", "config.example"]
)
def test_it_does_one_thing_and_ends_when_told(command: str) -> None:
    assert read(f"--{command}").command == command


def test_flags_of_node_exporter_that_change_nothing_here_do_not_break_the_start() -> None:
    argv = ["--runtime.gomaxprocs=1", "--no-collector.wifi", "--collector.netdev.netlink",
            "--no-collector.arp.netlink", "--collector.filesystem.mount-timeout=3s"]  # fmt: skip
    settings = read(*argv, "--runtime.gomaxprocs", "2", "--collector.doors")
    assert settings.without_effect == tuple(flag.split("=")[0] for flag in argv)
    assert len(settings.collectors) == 2


def test_flags_of_node_exporter_that_mean_something_here_are_obeyed() -> None:
    settings = config.read(
        ["--log.level=error", "--log.format=json", "--web.max-requests=3", "--web.systemd-socket",
         "--web.disable-exporter-metrics", "--web.config.file="], COLLECTORS
    )  # fmt: skip
    assert (settings.log_level, settings.log_format) == ("error", "json")
    assert (settings.max_requests, settings.systemd_socket, settings.web_file) == (3, True, None)
    [plan] = [plan for plan in settings.made if plan.kind is Exporter]
    assert plan.options.only_version


def test_every_flag_of_node_exporter_about_what_we_have_is_known() -> None:
    """Those of 1.11.1's --help, but of collectors that we have not."""
    text = (Path(__file__).parent / "node_exporter.flags").read_text()
    settings = every(COLLECTORS)
    known = {setting.flag for setting in settings} | {*WITHOUT_EFFECT, "version"}
    have = {kind.name for kind in COLLECTORS} | {"powersupply"}
    asked = {flag for flag in text.split() if not of_another_collector(flag, have)}
    assert asked - known == set()
    absent = {f"collector.{name}" for name in NOT_HERE}
    assert absent <= set(text.split())


def of_another_collector(flag: str, have: set[str]) -> bool:
    room, name, *_ = [*flag.split("."), ""]
    return room == "collector" and name not in {*have, "disable-defaults"}


def test_what_stays_the_same_is_the_same_collector() -> None:
    first = read("--collector.doors", "--collector.lamps.most=1").made
    second = config.read(["--collector.doors", "--collector.lamps.most=2"], KINDS, None, first).made
    same = {plan.kind.name: made is first.get(plan) for plan, made in second.items()}
    assert same == {"doors": True, "lamps": False}


def test_the_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read("--help")
    said = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for flag in ("--path.udev.data", "--collector.doors", "--collector.lamps.device-exclude"):
        assert flag in said
    assert "Whether the lights are on. (default off)" in said
    assert "what to leave out, 100% of it (default '^lo$')" in said
    assert "HOST:PORT to serve on; may be given more than once (default :9100)" in said
    assert "0 is no limit (default 40)" in said and "(default '/metrics')" in said
    assert "the sockets that systemd hands over" in said and "None" not in said


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"hyperion-exporter, version {__version__}\n"


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("--collector.lamp", "--collector.lamps"),
        ("--colector.lamps", "--collector.lamps"),
        ("--no-collector.dors", "--no-collector.doors"),
        ("--collector.lamps.device-exclud=x", "--collector.lamps.device-exclude"),
        ("--path.profcs=/x", "--path.procfs"),
        ("--web.listen-adress=:1", "--web.listen-address"),
        ("--onse", "--once"),
    ],
)
def test_a_mistyped_flag_is_answered_with_the_nearest(wrong: str, nearest: str) -> None:
    flag = wrong.split("=")[0]
    assert refusal(wrong) == f"unknown flag {flag}; did you mean {nearest}?"


@pytest.mark.parametrize("wrong", ["--qqqqqqq", "stray"])
def test_a_flag_near_to_none_is_named(wrong: str) -> None:
    assert refusal(wrong) == f"unknown flag {wrong}; --help lists what there is"


def test_a_flag_is_not_guessed_from_its_beginning() -> None:
    assert "unknown flag --collector.lamps.mo" in refusal("--collector.lamps.mo=3")


def test_a_collector_that_we_have_not_cannot_be_switched_on() -> None:
    said = refusal("--collector.ntp")
    assert said.startswith("unknown flag --collector.ntp; ")
    assert "--no-collector.ntp" not in said, "that would be the contrary"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ("--collector.lamps.most=many", "write a whole number from 0 on"),
        ("--collector.lamps.most=²", "write a whole number from 0 on"),
        ("--web.max-requests=-1", "write a whole number from 0 on"),
        ("--log.level=loud", "write one of debug, info, warn, error"),
        ("--web.listen-address", "expected one argument"),
    ],
)
def test_a_wrong_value_is_refused_with_its_flag(argv: str, sentence: str) -> None:
    assert refusal(argv) == f"{argv.split('=')[0]}: {sentence}"


def test_a_switch_takes_no_value() -> None:
    assert "ignored explicit argument 'false'" in refusal("--collector.cpu=false")


def test_a_bad_regular_expression_is_refused_with_its_flag() -> None:
    said = refusal("--collector.diskstats.device-exclude=^(sd")
    assert said.startswith(
        "--collector.diskstats.device-exclude: '^(sd' is no regular expression: missing )"
    )


def test_of_a_collector_that_is_off_nothing_is_made() -> None:
    argv = ["--no-collector.diskstats", "--collector.diskstats.device-exclude=^(sd"]
    made = config.read(argv, COLLECTORS).collectors
    assert "diskstats" not in {collector.name for collector in made}


def test_every_collector_there_is_starts_with_its_defaults() -> None:
    on = [kind.name for kind in COLLECTORS if kind.default]
    assert [collector.name for collector in config.read([], COLLECTORS).collectors] == on


def test_every_collector_can_be_made_where_nothing_is_to_be_read(tmp_path: Path) -> None:
    """So that a reload never ends the program."""
    argv = [f"--path.{name}={tmp_path}/gone" for name in ("procfs", "sysfs", "rootfs")]
    argv += [f"--collector.{kind.name}" for kind in COLLECTORS]
    assert len(config.read(argv, COLLECTORS).collectors) == len(COLLECTORS)


@pytest.mark.parametrize(
    ("old", "collector", "option"),
    [
        ("--collector.diskstats.ignored-devices=^sd", "diskstats", "device_exclude"),
        ("--collector.filesystem.ignored-fs-types=^tmpfs$", "filesystem", "fs_types_exclude"),
        ("--collector.filesystem.ignored-mount-points=^/x", "filesystem", "mount_points_exclude"),
    ],
)
def test_old_spellings_that_units_still_have_are_obeyed(
    old: str, collector: str, option: str
) -> None:
    plans = config.read([old], COLLECTORS, {}).made
    [found] = [plan for plan in plans if plan.kind.name == collector]
    assert getattr(found.options, option) == old.partition("=")[2]
