"""The environment: each setting is a variable, and a mistyped one is refused."""

import pytest

from hyperion_exporter import config
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.config.settings import FILE, ConfigError, every
from lab.lamps import KINDS, Lamps, Options


def read(**environ: str) -> config.Config:
    return config.read([], KINDS, {f"HYPERION_EXPORTER_{name}": environ[name] for name in environ})


def test_a_variable_says_what_its_flag_would() -> None:
    settings = read(
        WEB_LISTEN_ADDRESS="127.0.0.1:1,[::1]:2",
        WEB_MAX_REQUESTS="0",
        LOG_LEVEL="warn",
        PATH_UDEV_DATA="/d",
        COLLECTOR_DOORS="false",
        COLLECTOR_LAMPS="true",
        COLLECTOR_DISABLE_DEFAULTS="true",
        COLLECTOR_LAMPS_DEVICE_EXCLUDE="",
        COLLECTOR_LAMPS_WHOLE_NAMES="false",
    )
    assert settings.listen == ("127.0.0.1:1", "[::1]:2")
    assert (settings.max_requests, settings.log_level) == (0, "warn")
    [lamps] = settings.collectors
    assert isinstance(lamps, Lamps)
    assert str(lamps.paths.udev_data) == "/d"
    assert lamps.chosen == Options("", False, 5)


def test_every_setting_has_a_variable_and_a_key_of_its_own() -> None:
    settings = [FILE, *every(COLLECTORS)]
    for names in (
        {setting.variable for setting in settings},
        {setting.key for setting in settings},
        {setting.flag for setting in settings},
    ):
        assert len(names) == len(settings)


def test_what_others_put_into_the_environment_is_theirs() -> None:
    """A service of Kubernetes that is called hyperion-exporter gives all but the first."""
    read(SERVICE_HOST="10.0.0.1", SERVICE_PORT="9100", SERVICE_PORT_METRICS="9100",
         PORT="tcp://10.0.0.1:9100", PORT_9100_TCP="tcp://10.0.0.1:9100",
         PORT_9100_TCP_ADDR="10.0.0.1")  # fmt: skip
    assert config.read([], KINDS, {"HYPERION_URL": "x"}).command == "serve"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("COLLECTOR_LAMPS", "yes", "write true or false"),
        ("COLLECTOR_LAMPS_MOST", "", "write a whole number from 0 on"),
        ("LOG_FORMAT", "xml", "write one of logfmt, json"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(**{name: text})
    assert str(refused.value) == f"HYPERION_EXPORTER_{name}: {sentence}"


def test_a_mistyped_variable_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as refused:
        read(WEB_LISTEN_ADRESS=":1")
    assert str(refused.value) == (
        "unknown variable HYPERION_EXPORTER_WEB_LISTEN_ADRESS; "
        "did you mean HYPERION_EXPORTER_WEB_LISTEN_ADDRESS?"
    )
