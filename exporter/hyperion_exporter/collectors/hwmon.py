"""What the sensors of the machine report: temperatures, fans, voltages, power."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    Filter,
    NoData,
    Samples,
    counter,
    gauge,
    option,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Kept, Paths

NAMES = gauge("node_hwmon_chip_names", "What the driver calls the chip.", "chip", "chip_name")
LABEL = gauge("node_hwmon_sensor_label", "What the sensor is for.", "chip", "label", "sensor")

KINDS = (
    "vrm|beep_enable|update_interval|in|cpu|fan|pwm|temp|curr|power|energy|humidity|intrusion|freq"
)
# temp1_crit_alarm is sensor temp1, fact crit_alarm; vrm and update_interval stand alone.
_FILE = re.compile(rf"({KINDS})(\d*)(?:_(.+))?")
_UNCLEAN = re.compile(r"[^a-z0-9:_]")


def _as_it_is(value: float) -> float:
    return value


def _milli(value: float) -> float:
    return value * 1e-3


def _micro(value: float) -> float:
    # Divided, as node_exporter does: the last digit differs.
    return value / 1e6


Scale = Callable[[float], float]
# The kernel's units by kind of sensor (hwmon/sysfs-interface.rst): milli, or micro for power.
UNITS: dict[str, tuple[str, Scale]] = {
    "in": ("_volts", _milli),
    "cpu": ("_volts", _milli),
    "temp": ("_celsius", _milli),
    "curr": ("_amps", _milli),
    "energy": ("_joule_total", _micro),
    "power": ("_watt", _micro),
    "humidity": ("", _micro),
}
# Facts that are in another unit than their sensor, or in none.
SPECIAL: dict[tuple[str, str], tuple[str, Scale]] = {
    ("beep_enable", ""): ("node_hwmon_beep_enabled", _as_it_is),
    ("vrm", ""): ("node_hwmon_voltage_regulator_version", _as_it_is),
    ("update_interval", ""): ("node_hwmon_update_interval_seconds", _milli),
    ("temp", "type"): ("node_hwmon_temp_type", _as_it_is),
    ("power", "accuracy"): ("node_hwmon_power_accuracy", _micro),
    ("power", "average_interval"): ("node_hwmon_power_average_interval_seconds", _milli),
    ("power", "average_interval_min"): ("node_hwmon_power_average_interval_min_seconds", _milli),
    ("power", "average_interval_max"): ("node_hwmon_power_average_interval_max_seconds", _milli),
    ("fan", "input"): ("node_hwmon_fan_rpm", _as_it_is),
    ("fan", "min"): ("node_hwmon_fan_min_rpm", _as_it_is),
    ("fan", "max"): ("node_hwmon_fan_max_rpm", _as_it_is),
    ("fan", "target"): ("node_hwmon_fan_target_rpm", _as_it_is),
    ("freq", "input"): ("node_hwmon_freq_freq_mhz", _micro),
}


class Reading(NamedTuple):
    """A file of a sensor, and the sample that its number becomes."""

    file: Kept
    family: Family
    scale: Scale
    chip: str
    sensor: str


class Chip(NamedTuple):
    """What of a chip does not change while it is there."""

    inode: int
    names: list[tuple[Family, tuple[str, ...]]]
    readings: list[Reading]


@dataclass(frozen=True)
class Options:
    chip_include: str = option("", "regular expression of the only chips to give")
    chip_exclude: str = option("", "regular expression of the chips to leave out")
    sensor_include: str = option("", "regular expression of the only chip;sensor to give")
    sensor_exclude: str = option("", "regular expression of the chip;sensor to leave out")


class Hwmon(Collector):
    name = "hwmon"
    help = "Temperatures, fans, voltages and power from the machine's sensors."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._folders = Devices(paths.sys("class/hwmon"))
        self._wanted_chip = Filter(options.chip_include, options.chip_exclude)
        self._wanted_sensor = Filter(options.sensor_include, options.sensor_exclude)
        self._families: dict[str, Family] = {}
        self._chips: dict[str, Chip] = {}

    def collect(self) -> Iterable[Block]:
        if not self._folders.folder.is_dir():
            raise NoData("no sensors")
        samples = Samples()
        self._chips = {name: self._chip(name) for name in self._folders.names()}
        for chip in self._chips.values():
            for family, labels in chip.names:
                samples.add(family, 1, *labels)
            for reading in chip.readings:
                _add(samples, reading)
        return [samples]

    def _chip(self, name: str) -> Chip:
        """The chip as it was found, unless another has taken its place."""
        folder = self._folders.folder / name
        inode = folder.stat().st_ino
        known = self._chips.get(name)
        return known if known and known.inode == inode else self._found(folder, inode)

    def _found(self, folder: Path, inode: int) -> Chip:
        label = _chip_label(folder)
        chip = Chip(inode, [], [])
        if not self._wanted_chip(label):
            return chip
        if name := _clean(_text(folder / "name")):
            chip.names.append((NAMES, (label, name)))
        for file in _files(folder):
            match = _FILE.fullmatch(file.name)
            # Every folder of a device holds one named power.
            if match and file.is_file():
                kind, number, fact = match[1], match[2] or "0", match[3] or ""
                self._add_reading(chip, Kept(file), label, kind, kind + number, fact)
        return chip

    def _add_reading(
        self, chip: Chip, file: Kept, label: str, kind: str, sensor: str, fact: str
    ) -> None:
        if not self._wanted_sensor(f"{label};{sensor}"):
            return
        if fact == "label":
            chip.names.append((LABEL, (label, _text(file.path), sensor)))
            return
        name, scale = _meaning(kind, fact, bare=(file.path.parent / sensor).exists())
        family = self._families.setdefault(name, _family(name, kind, fact))
        if kind == "freq":
            sensor = _clean(_text(file.path.with_name(f"{sensor}_label"))) or sensor
        chip.readings.append(Reading(file, family, scale, label, sensor))


def _add(samples: Samples, reading: Reading) -> None:
    try:
        value = float(reading.file.read())
    except (OSError, ValueError):
        # A sensor that is asleep or not wired says so with an error, or with nothing.
        return
    samples.add(reading.family, reading.scale(value), reading.chip, reading.sensor)


def _meaning(kind: str, fact: str, bare: bool) -> tuple[str, Scale]:
    """The name of the family that a fact of a sensor becomes, and in what unit it comes."""
    if (kind, fact) in SPECIAL:
        return SPECIAL[kind, fact]
    name = f"node_hwmon_{kind}"
    # The reading itself; some chips have both pwm1 and pwm1_input.
    if fact and (fact != "input" or bare):
        name += f"_{_clean(fact)}"
    if fact in ("fault", "alarm"):
        return name, _as_it_is
    if fact == "beep":
        return f"{name}_enabled", _as_it_is
    unit, scale = UNITS.get(kind, ("", _as_it_is))
    return name + unit, scale


def _family(name: str, kind: str, fact: str) -> Family:
    make = counter if name.endswith("_total") else gauge
    what = fact.replace("_", " ") or "value"
    return make(name, f"Sensors of kind {kind}: {what}.", "chip", "sensor")


def _files(folder: Path) -> list[Path]:
    """A chip's files; old drivers keep them with the device instead."""
    found = sorted(folder.iterdir())
    device = folder / "device"
    return found + (sorted(device.iterdir()) if device.is_dir() else [])


def _chip_label(folder: Path) -> str:
    """Where the chip sits: its number depends on the order in which drivers were loaded."""
    try:
        device = (folder / "device").resolve(strict=True)
    except OSError:
        return _clean(_text(folder / "name")) or _clean(folder.resolve().name)
    bus, place = _clean(device.parent.name), _clean(device.name)
    return f"{bus}_{place}" if bus else place


def _clean(text: str) -> str:
    return _UNCLEAN.sub("_", text.lower().strip()).strip("_")


def _text(path: Path) -> str:
    try:
        return Kept(path).text().strip()
    except OSError:
        return ""
