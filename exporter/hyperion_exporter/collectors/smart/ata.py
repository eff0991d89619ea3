"""What SATA disks tell: attributes, statistics and logs, in smartctl_exporter's names."""

from sys import intern

from hyperion_exporter.collector import Samples, gauge
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.reading import Reading, add

ATTRIBUTE = gauge(
    "smartctl_device_attribute",
    "An attribute of the disk, as it is and as its maker rates it.",
    "device", "attribute_name", "attribute_flags_short", "attribute_flags_long",
    "attribute_value_type", "attribute_id",
)  # fmt: skip
VALUES = {"value": "value", "worst": "worst", "thresh": "thresh", "raw": "raw.value"}
ATTRIBUTE_FLAGS = (
    "prefailure", "updated_online", "performance", "error_rate", "event_count", "auto_keep",
)  # fmt: skip

STATISTIC = gauge(
    "smartctl_device_statistics",
    "A number of the disk's own statistics.",
    "device", "statistic_table", "statistic_name", "statistic_flags_short",
    "statistic_flags_long",
)  # fmt: skip
STATISTIC_FLAGS = ("valid", "normalized", "supports_dsn", "monitored_condition_met")

SPEED = gauge(
    "smartctl_device_interface_speed", "Bits in a second on the cable.", "device", "speed_type"
)
ERRORS = gauge(
    "smartctl_device_error_log_count", "Errors it ever logged.", "device", "error_log_type"
)
TESTS = gauge(
    "smartctl_device_self_test_log_count",
    "Self-tests in its log.",
    "device",
    "self_test_log_type",
)
FAILED_TESTS = gauge(
    "smartctl_device_self_test_log_error_count",
    "Self-tests in its log that failed.",
    "device",
    "self_test_log_type",
)
RECOVERY = gauge(
    "smartctl_device_erc_seconds",
    "How long it tries to mend an error before it reports it.",
    "device",
    "op_type",
)
STATE = Reading(
    "ata_sct_status.device_state.value",
    gauge(
        "smartctl_device_state",
        "What it does: 0 active, 1 standby, 2 sleep, 3 self-test, 4 offline test, 5 command.",
        "device",
    ),
)


def add_ata(samples: Samples, facts: Facts, device: str) -> None:
    for row in facts.rows("ata_smart_attributes.table"):
        _add_attribute(samples, row, device)
    for page in facts.rows("ata_device_statistics.pages"):
        for row in page.rows("table"):
            flags = row.text("flags.string"), _flags(row, STATISTIC_FLAGS)
            _add_statistic(samples, row, device, page.text("name"), *flags)
    for row in facts.rows("sata_phy_event_counters.table"):
        _add_statistic(samples, row, device, "SATA PHY Event Counters", "V---", "valid")
    for kind in ("max", "current"):
        speed = facts.at(f"interface_speed.{kind}")
        if speed.there():
            bits = speed.count("units_per_second") * speed.count("bits_per_unit")
            samples.add(SPEED, bits, device, kind)
    for kind, log in facts.items("ata_smart_error_log"):
        samples.add(ERRORS, log.count("count"), device, kind)
    for kind, log in facts.items("ata_smart_self_test_log"):
        samples.add(TESTS, log.count("count"), device, kind)
        samples.add(FAILED_TESTS, log.count("error_count_total"), device, kind)
    for kind, limit in facts.items("ata_sct_erc"):
        samples.add(RECOVERY, limit.count("deciseconds") / 10, device, kind)
    add(samples, facts, device, (STATE,))


def _add_attribute(samples: Samples, row: Facts, device: str) -> None:
    named = row.text("name"), row.text("flags.string"), _flags(row, ATTRIBUTE_FLAGS)
    id = row.text("id")
    for kind, path in VALUES.items():
        samples.add(ATTRIBUTE, row.count(path), device, *named, kind, id)


def _add_statistic(samples: Samples, row: Facts, device: str, table: str, *flags: str) -> None:
    samples.add(STATISTIC, row.count("value"), device, table, row.text("name"), *flags)


def _flags(row: Facts, names: tuple[str, ...]) -> str:
    return intern(",".join(name for name in names if row.count(f"flags.{name}")))
