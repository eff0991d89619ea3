"""smartctl older than 7.0 speaks no JSON: what it prints for people, read by pySMART."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hyperion_exporter.sources.program import Failed, Output
from hyperion_exporter.sources.smartctl import ASLEEP, Ask

# "The command line did not parse": it does not know --json.
UNKNOWN_OPTION = 1
ASLEEP_LINE = re.compile(r"^Device is in \w+ mode.*", re.MULTILINE)
VERSION = re.compile(r"smartctl (\d+)\.(\d+)")
# In the order of the bits: what smartctl calls the flags of an attribute.
FLAGS = {
    "prefailure": "P", "updated_online": "O", "performance": "S", "error_rate": "R",
    "event_count": "C", "auto_keep": "K",
}  # fmt: skip
# What stands only in the answer of each protocol.
PROTOCOLS = {"NVMe": "SMART/Health Information (NVMe", "SCSI": "SMART Health Status:"}
NVME_LOG = {
    "criticalWarning": "critical_warning",
    "availableSpare": "available_spare",
    "availableSpareThreshold": "available_spare_threshold",
    "percentageUsed": "percentage_used",
    "dataUnitsRead": "data_units_read",
    "dataUnitsWritten": "data_units_written",
    "hostReadCommands": "host_reads",
    "hostWriteCommands": "host_writes",
    "controllerBusyTime": "controller_busy_time",
    "powerCycles": "power_cycles",
    "powerOnHours": "power_on_hours",
    "unsafeShutdowns": "unsafe_shutdowns",
    "integrityErrors": "media_errors",
    "errorEntries": "num_err_log_entries",
    "warningTemperatureTime": "warning_temp_time",
    "criticalTemperatureTime": "critical_comp_time",
}


def translated(ask: Ask) -> Ask:
    """Asks in JSON, and where that is not known in words; the answer is JSON in any case."""

    def asked(question: Sequence[str], seconds: float) -> Output:
        output = ask(question, seconds)
        if output.status != UNKNOWN_OPTION or output.text.lstrip().startswith(b"{"):
            return output
        verb, *rest = question
        old = ask([f"{verb}-text", *rest], seconds)
        text = old.words()
        said = _listed(text) if verb == "scan" else _read(text, old.status, *rest[1:])
        asleep = verb == "read" and ASLEEP_LINE.search(text)
        return Output(ASLEEP if asleep else old.status, json.dumps(said).encode())

    return asked


def _listed(text: str) -> dict[str, Any]:
    # "/dev/sda -d scsi # /dev/sda, SCSI device"
    found = re.findall(r"^(/dev/\S+) -d (\S+)", text, re.MULTILINE)
    return {"devices": [{"name": name, "type": kind} for name, kind in found]}


def _read(text: str, status: int, kind: str, name: str) -> dict[str, Any]:
    version = VERSION.search(text)
    said: dict[str, Any] = {
        "smartctl": {"version": list(map(int, version.groups())) if version else [],
                     "exit_status": status},
        "device": {"name": name, "type": kind},
    }  # fmt: skip
    if asleep := ASLEEP_LINE.search(text):
        said["smartctl"]["messages"] = [{"string": asleep[0]}]
    elif not status & 0b11:
        said |= _told(text, kind, name)
    return said


class _Heard:
    """To pySMART a smartctl that has one answer: it would ask up to nine times, and without -n."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def all(self, *_: object) -> list[str]:
        return self._lines

    def generic_call(self, *_: object) -> tuple[list[str], int]:
        # As if it failed: then pySMART does without.
        return [], 1

    try_generic_call = generic_call


def _told(text: str, kind: str, name: str) -> dict[str, Any]:
    # It brings 4 MB of character tables along.
    from pySMART import Device

    spoken = protocol(text)
    try:
        device = Device(name, interface=spoken.lower(), smartctl=_Heard(text))
        told = _common(device) | {"device": {"name": name, "type": kind, "protocol": spoken}}
        own = {"ATA": _ata, "NVMe": _nvme, "SCSI": _scsi}[spoken](device)
    # Of its own parsing it catches none.
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError):
        raise Failed("what this old smartctl says cannot be read") from None
    return told | {name: value for name, value in own.items() if value is not None}


def protocol(text: str) -> str:
    return next((name for name, line in PROTOCOLS.items() if line in text), "ATA")


def _common(device: Any) -> dict[str, Any]:
    size, block = device.size, device.logical_sector_size
    return {
        "model_name": device.model or "",
        "model_family": device.family or "unknown",
        "serial_number": device.serial or "",
        "firmware_version": device.firmware or "",
        "user_capacity": {"bytes": size, "blocks": size // block if block else 0},
        "logical_block_size": block,
        "physical_block_size": device.physical_sector_size,
        "rotation_rate": 0 if device.is_ssd else device.rotation_rate,
        "temperature": {"current": device.temperature},
        "smart_status": {"passed": device.assessment and device.assessment != "FAIL"},
    }


def _ata(device: Any) -> dict[str, Any]:
    known = {found.num: found for found in device.attributes if found}
    tests = list(_tests(device))
    return {
        "ata_smart_attributes": {"table": list(map(_attribute, known.values()))},
        "power_on_time": {"hours": known[9].raw_int} if 9 in known else None,
        "power_cycle_count": known[12].raw_int if 12 in known else None,
        "ata_smart_self_test_log": {"standard": {"table": tests, "count": len(tests)}},
    }


def _attribute(found: Any) -> dict[str, Any]:
    flags = {name: bool(found.flags >> bit & 1) for bit, name in enumerate(FLAGS)}
    letters = "".join(letter if flags[name] else "-" for name, letter in FLAGS.items())
    return {
        "id": found.num, "name": found.name, "value": found.value_int, "worst": found.worst,
        "thresh": found.thresh, "raw": {"value": found.raw_int, "string": found.raw},
        "flags": flags | {"string": letters},
    }  # fmt: skip


def _tests(device: Any) -> Iterator[dict[str, Any]]:
    for test in device.tests:
        # 3 is the first of the codes for a failure, 1 is a test that was broken off.
        failed = "failure" in test.status or "fatal" in test.status.lower()
        code = 0 if "without error" in test.status else 3 if failed else 1
        yield {"lifetime_hours": test.hours, "status": {"value": code << 4}}


def _nvme(device: Any) -> dict[str, Any]:
    log = {name: getattr(device.if_attributes, field) for field, name in NVME_LOG.items()}
    log["temperature_sensors"] = [device.temperatures[n] for n in sorted(device.temperatures)]
    return {
        "nvme_smart_health_information_log": log,
        "power_on_time": {"hours": log["power_on_hours"]},
        "power_cycle_count": log["power_cycles"],
        "nvme_total_capacity": device.size,
    }


def _scsi(device: Any) -> dict[str, Any]:
    told = device.diagnostics
    hours, left = told.Power_On_Hours, told.Life_Left
    kept = {"read": "Reads", "write": "Writes", "verify": "Verifies"}
    return {
        "scsi_grown_defect_list": told.Reallocated_Sector_Ct,
        "power_on_time": {"hours": hours} if hours is not None else None,
        "power_cycle_count": told.Start_Stop_Cycles,
        "scsi_percentage_used_endurance_indicator": None if left is None else 100 - left,
        "scsi_error_counter_log": {
            operation: {
                "total_uncorrected_errors": getattr(told, f"Uncorrected_{word}"),
                "gigabytes_processed": getattr(told, f"{word}_GB"),
            }
            for operation, word in kept.items()
        },
    }
