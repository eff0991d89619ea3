"""Beside smartctl_exporter: all that it gives is there, by name, type, labels and value."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from lab.disks import Disks, captures
from lab.pages import scrape
from lab.smartctl_exporter import smartctl_exporter
from lab.wait import wait_for

SOON = 60.0
# Of one disk that has all that the captures have not.
LOGS: dict[str, Any] = {
    "ata_device_statistics": {"pages": [{"number": 1, "name": "General Statistics", "table": [
        {"offset": 8, "name": "Lifetime Power-On Resets", "value": 12,
         "flags": {"string": "V---", "valid": True, "normalized": False}},
        {"offset": 16, "name": "Power-on Hours", "value": 44670,
         "flags": {"string": "VN--", "valid": True, "normalized": True}},
    ]}]},
    "sata_phy_event_counters": {"table": [{"id": 1, "name": "Command failed", "value": 3}]},
    "ata_smart_self_test_log": {
        "standard": {"count": 2, "error_count_total": 1},
        "extended": {"count": 3, "error_count_total": 0},
    },
    "ata_smart_error_log": {"summary": {"count": 4}, "extended": {"count": 7}},
    "ata_sct_erc": {"read": {"deciseconds": 70}, "write": {"deciseconds": 75}},
    "temperature": {"current": 30, "power_cycle_min": 20, "op_limit_max": 60},
    "power_on_time": {"hours": 10, "minutes": 30},
    "ata_sct_status": {"device_state": {"value": 0, "string": "Active"}},
}  # fmt: skip
Samples = dict[tuple[str, frozenset[tuple[str, str]]], tuple[str, float]]


def told(page: str) -> Samples:
    """Type and value of all samples that smartctl_exporter has names for."""
    return {
        (sample.name, frozenset(sample.labels.items())): (family.type, float(sample.value))
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("smartctl_") and "exporter" not in sample.name
    }


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    if not captures():
        pytest.skip("needs the answers of real disks")
    disks = Disks(tmp_path / "smartctl")
    for number, file in enumerate(captures()):
        answer = json.loads(file.read_text())
        kind = answer["device"]["type"]
        disks.put(f"/dev/disk{number}", answer, kind, answer["smartctl"]["exit_status"])
    spare = json.loads((captures()[0].parent / "ST3500418AS_11.json").read_text())
    disks.put("/dev/logs", spare | LOGS, "sat")
    return disks


def ours(disks: Disks) -> str:
    guard = Guard([Smart(Paths(), Options(), [str(disks.bin)])])
    count = len(captures()) + 1

    def whole() -> str:
        page = guard.gather(10)
        return page if page.count("\nhyperion_smart_age_seconds{") == count else ""

    return wait_for(whole, SOON, f"{count} disks to be read")


def test_every_sample_of_every_captured_disk_is_the_same(disks: Disks, tmp_path: Path) -> None:
    with smartctl_exporter(disks.program, tmp_path) as server:
        theirs = told(scrape(server, "60"))
    mine = told(ours(disks))
    assert len(theirs) > 6000
    assert {key: mine.get(key) for key in theirs} == theirs
    assert mine.keys() == theirs.keys()
