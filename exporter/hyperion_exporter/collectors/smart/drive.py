"""What every disk tells, in smartctl_exporter's names, and what of it that leaves out."""

from hyperion_exporter.collector import Samples, counter, gauge
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.reading import Reading, add, scaled

# Where a label's value is to be found; the first that is not empty.
INFO_LABELS = {
    "interface": ("device.type",),
    "protocol": ("device.protocol",),
    "model_family": ("model_family",),
    "model_name": ("model_name", "scsi_model_name"),
    "serial_number": ("serial_number",),
    "ata_additional_product_id": ("ata_additional_product_id",),
    "firmware_version": ("firmware_version",),
    "ata_version": ("ata_version.string",),
    "sata_version": ("sata_version.string",),
    "form_factor": ("form_factor.name",),
    "scsi_vendor": ("scsi_vendor",),
    "scsi_product": ("scsi_product",),
    "scsi_revision": ("scsi_revision",),
    "scsi_version": ("scsi_version",),
}
# These are "unknown" where the others are empty.
NAMED_UNKNOWN = ("model_family", "model_name", "ata_additional_product_id")
INFO = gauge("smartctl_device", "What the disk says of itself.", "device", *INFO_LABELS)

BLOCK_SIZE = gauge("smartctl_device_block_size", "Size of a block.", "device", "blocks_type")
POWER_ON = counter("smartctl_device_power_on_seconds", "Time it was switched on.", "device")
ROTATION = gauge("smartctl_device_rotation_rate", "Turns in a minute.", "device")
TEMPERATURE = gauge(
    "smartctl_device_temperature",
    "Temperature now, its record and its limits.",
    "device",
    "temperature_type",
)
CYCLES = counter("smartctl_device_power_cycle_count", "Times it was switched on.", "device")
# NVMe and SAS disks count these, each in a log of its own.
BYTES_READ = counter("smartctl_device_bytes_read", "Bytes read from it.", "device")
BYTES_WRITTEN = counter("smartctl_device_bytes_written", "Bytes written to it.", "device")
ENDURANCE = gauge(
    "hyperion_smart_endurance_used_ratio",
    "Share of the writing it was made for that is done; may pass 1.",
    "device",
)
# Which of its eight bits says what is in smartctl(8).
BITS = (
    "command line", "open failed", "command failed", "disk failing", "prefail now",
    "threshold in the past", "error log", "self-test log",
)  # fmt: skip
EXIT_BIT = gauge(
    "hyperion_smart_exit_status_bit", "Bits of smartctl's exit status.", "device", "bit"
)

READINGS = (
    Reading(
        "smartctl.exit_status",
        gauge("smartctl_device_smartctl_exit_status", "What smartctl exited with.", "device"),
        absent=0,
    ),
    Reading(
        "user_capacity.blocks",
        gauge("smartctl_device_capacity_blocks", "Size in blocks.", "device"),
        absent=0,
    ),
    Reading(
        "user_capacity.bytes",
        gauge("smartctl_device_capacity_bytes", "Size.", "device"),
        absent=0,
    ),
    Reading("logical_block_size", BLOCK_SIZE, labels=("logical",), absent=0),
    Reading("physical_block_size", BLOCK_SIZE, labels=("physical",), absent=0),
    Reading(
        "smart_status.passed",
        gauge("smartctl_device_smart_status", "Whether the disk calls itself sound.", "device"),
    ),
)
# In which place each kind of disk has it; the first that is there.
CYCLE_PATHS = ("power_cycle_count", "scsi_start_stop_cycle_counter.accumulated_start_stop_cycles")
ENDURANCE_PATHS = (
    "endurance_used.current_percent",
    "nvme_smart_health_information_log.percentage_used",
    "scsi_percentage_used_endurance_indicator",
)
ENDURANCE_STATISTIC = "Percentage Used Endurance Indicator"


def add_drive(samples: Samples, facts: Facts, device: str) -> None:
    samples.add(INFO, 1, device, *(_label(facts, name) for name in INFO_LABELS))
    add(samples, facts, device, READINGS)
    if facts.there("power_on_time"):
        hours, minutes = (facts.count(f"power_on_time.{unit}") for unit in ("hours", "minutes"))
        samples.add(POWER_ON, hours * 3600 + minutes * 60, device)
    if (turns := facts.count("rotation_rate")) > 0:
        samples.add(ROTATION, turns, device)
    for kind, value in facts.items("temperature"):
        if (degrees := value.number()) is not None:
            samples.add(TEMPERATURE, degrees, device, kind)
    if (cycles := first(facts, CYCLE_PATHS)) is not None:
        samples.add(CYCLES, cycles, device)
    if (used := endurance_used(facts)) is not None:
        samples.add(ENDURANCE, scaled(used, 0.01), device)
    status = int(facts.count("smartctl.exit_status"))
    for number, bit in enumerate(BITS):
        samples.add(EXIT_BIT, status >> number & 1, device, bit)


def _label(facts: Facts, name: str) -> str:
    found = (facts.text(path) for path in INFO_LABELS[name])
    return next(filter(None, found), "unknown" if name in NAMED_UNKNOWN else "")


def first(facts: Facts, paths: tuple[str, ...]) -> int | float | None:
    values = (facts.number(path) for path in paths)
    return next((value for value in values if value is not None), None)


def endurance_used(facts: Facts) -> int | float | None:
    """In percent."""
    statistics = (
        row.number("value")
        for page in facts.rows("ata_device_statistics.pages")
        for row in page.rows("table")
        if row.text("name") == ENDURANCE_STATISTIC
    )
    used = first(facts, ENDURANCE_PATHS)
    return next(statistics, None) if used is None else used
