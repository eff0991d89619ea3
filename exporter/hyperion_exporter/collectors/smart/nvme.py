"""What NVMe disks tell, in smartctl_exporter's names, and what of it that leaves out."""

from hyperion_exporter.collector import Samples, counter, gauge
from hyperion_exporter.collectors.smart.drive import BYTES_READ, BYTES_WRITTEN
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.reading import Reading, add

LOG = "nvme_smart_health_information_log"
# The log counts reads and writes by 1000 blocks of 512 bytes, however large the disk's blocks are.
UNIT_BYTES = 512_000

READINGS = (
    Reading(
        "percentage_used",
        counter("smartctl_device_percentage_used", "Percent of its endurance used.", "device"),
    ),
    Reading(
        "available_spare",
        counter("smartctl_device_available_spare", "Percent of the spare blocks left.", "device"),
    ),
    Reading(
        "available_spare_threshold",
        counter(
            "smartctl_device_available_spare_threshold",
            "Percent of the spare blocks below which the disk warns.",
            "device",
        ),
    ),
    Reading(
        "critical_warning",
        counter("smartctl_device_critical_warning", "Its warnings, as one number.", "device"),
    ),
    Reading(
        "media_errors",
        counter("smartctl_device_media_errors", "Times that data could not be had.", "device"),
    ),
    Reading(
        "num_err_log_entries",
        counter("smartctl_device_num_err_log_entries", "Errors it ever logged.", "device"),
    ),
    Reading("data_units_read", BYTES_READ, UNIT_BYTES),
    Reading("data_units_written", BYTES_WRITTEN, UNIT_BYTES),
    Reading(
        "unsafe_shutdowns",
        counter(
            "hyperion_smart_nvme_unsafe_shutdowns_total", "Times it lost power unasked.", "device"
        ),
    ),
    Reading(
        "controller_busy_time",
        counter(
            "hyperion_smart_nvme_busy_seconds_total",
            "Time the controller was busy with reads and writes.",
            "device",
        ),
        60,
    ),
    Reading(
        "host_reads",
        counter("hyperion_smart_nvme_host_reads_total", "Read commands.", "device"),
    ),
    Reading(
        "host_writes",
        counter("hyperion_smart_nvme_host_writes_total", "Write commands.", "device"),
    ),
    Reading(
        "warning_temp_time",
        counter(
            "hyperion_smart_nvme_warning_temperature_seconds_total",
            "Time above the temperature at which it warns.",
            "device",
        ),
        60,
    ),
    Reading(
        "critical_comp_time",
        counter(
            "hyperion_smart_nvme_critical_temperature_seconds_total",
            "Time above its critical temperature.",
            "device",
        ),
        60,
    ),
)
CAPACITY = Reading(
    "nvme_total_capacity",
    gauge("smartctl_device_nvme_capacity_bytes", "Size of all its memory.", "device"),
)
SENSOR = gauge("hyperion_smart_nvme_sensor_celsius", "Temperature at a sensor.", "device", "sensor")
# Bits of the critical warning, from the lowest.
WARNINGS = (
    "spare", "temperature", "reliability", "read only", "backup power", "persistent memory",
)  # fmt: skip
WARNING = gauge(
    "hyperion_smart_nvme_critical_warning", "Whether it warns of this.", "device", "warning"
)


def add_nvme(samples: Samples, facts: Facts, device: str) -> None:
    add(samples, facts, device, (CAPACITY,))
    log = facts.at(LOG)
    add(samples, log, device, READINGS)
    for number, sensor in enumerate(log.rows("temperature_sensors"), 1):
        if (degrees := sensor.number()) is not None:
            samples.add(SENSOR, degrees, device, str(number))
    if log.there("critical_warning"):
        given = warnings(log)
        for name in WARNINGS:
            samples.add(WARNING, int(name in given), device, name)


def warnings(log: Facts) -> list[str]:
    bits = int(log.count("critical_warning"))
    return [name for number, name in enumerate(WARNINGS) if bits >> number & 1]
