"""The verdict on a disk: each rule at its number and just below, and what real disks get."""

from typing import Any

import pytest

from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.rules import Level
from hyperion_exporter.collectors.smart.verdict import Finding, judge
from lab.disks import captures
from lab.verdicts import rows

OK, WATCH, WARN, FAIL = Level


def disk(**facts: Any) -> Facts:
    return Facts({"smart_status": {"passed": True}, "temperature": {"current": 30}} | facts)


def ata(id: int, raw: object, turns: int = 7200) -> Facts:
    row = {"id": id, "raw": {"value": raw}}
    return disk(ata_smart_attributes={"table": [row]}, rotation_rate=turns)


def nvme(**log: Any) -> Facts:
    return disk(nvme_smart_health_information_log=log)


def sas(**facts: Any) -> Facts:
    return disk(rotation_rate=10000, **facts)


def errors(operation: str, count: int) -> Facts:
    return sas(scsi_error_counter_log={operation: {"total_uncorrected_errors": count}})


@pytest.mark.parametrize(
    ("facts", "level", "reason"),
    [
        (ata(5, 0), OK, ""),
        (ata(5, 1), WATCH, "reallocated sectors"),
        (ata(5, 17), WARN, "reallocated sectors"),
        (ata(5, 304), FAIL, "reallocated sectors"),
        (ata(5, 304, turns=0), WARN, "reallocated sectors"),
        (ata(5, 2000 << 16), OK, ""),
        (ata(10, 1), WARN, "spin retries"),
        (ata(184, 1), WARN, "end-to-end errors"),
        (ata(184, 1, turns=0), WATCH, "end-to-end errors"),
        (ata(187, 1), WARN, "uncorrectable errors"),
        (ata(187, 12), FAIL, "uncorrectable errors"),
        (ata(188, 100), OK, ""),
        (ata(188, 101), WATCH, "command timeouts"),
        (ata(188, 17180131332), OK, ""),
        (ata(188, 51540393996), OK, ""),
        (ata(188, 200 << 32), WATCH, "command timeouts"),
        (ata(196, 12), WATCH, "reallocations"),
        (ata(197, 1), WARN, "pending sectors"),
        (ata(197, 3), FAIL, "pending sectors"),
        (ata(198, 1), FAIL, "offline uncorrectable sectors"),
        (ata(198, "1"), FAIL, "offline uncorrectable sectors"),
        (ata(199, 5000), OK, ""),
        (ata(189, 65535), OK, ""),
        (nvme(critical_warning=0), OK, ""),
        (nvme(critical_warning=16), FAIL, "critical warning: backup power"),
        (nvme(critical_warning=1), FAIL, "critical warning: spare"),
        (nvme(percentage_used=79), OK, ""),
        (nvme(percentage_used=80), WARN, "endurance"),
        (nvme(percentage_used=100), FAIL, "endurance"),
        (nvme(media_errors=7), WARN, "media errors"),
        (nvme(num_err_log_entries=9999), OK, ""),
        (nvme(available_spare=21, available_spare_threshold=10), OK, ""),
        (nvme(available_spare=20, available_spare_threshold=10), WARN, "spare"),
        (nvme(available_spare=10, available_spare_threshold=10), FAIL, "spare"),
        (nvme(available_spare=0, available_spare_threshold=0), OK, ""),
        (sas(scsi_grown_defect_list=0), OK, ""),
        (sas(scsi_grown_defect_list=1), WARN, "grown defects"),
        (sas(scsi_pending_defects={"count": 2}), WARN, "pending defects"),
        (sas(scsi_percentage_used_endurance_indicator=85), WARN, "endurance"),
        (errors("read", 1), FAIL, "uncorrected errors"),
        (errors("verify", 1), FAIL, "uncorrected errors"),
        (disk(smart_status={"passed": False}), FAIL, "disk says it fails"),
        (disk(smartctl={"exit_status": 8}), FAIL, "disk says it fails"),
        (disk(smartctl={"exit_status": 16}), FAIL, "attribute below its threshold"),
        (disk(smartctl={"exit_status": 32}), WARN, "attribute was below its threshold"),
        (disk(smartctl={"exit_status": 64}), WATCH, "error log"),
        (disk(smartctl={"exit_status": 128}), FAIL, "self-test"),
        (disk(smartctl={"exit_status": 4}), OK, ""),
        (disk(scsi_self_test_0={"result": {"value": 5}}), FAIL, "self-test"),
        (disk(temperature={"current": 59}), OK, ""),
        (disk(temperature={"current": 60}), WATCH, "temperature"),
        (disk(temperature={"current": 70}), WARN, "temperature"),
        (disk(temperature={"current": 50}, rotation_rate=5400), WATCH, "temperature"),
        (disk(temperature={"current": 69, "op_limit_max": 70}), OK, ""),
        (disk(temperature={"current": 45, "op_limit_max": 40}), WATCH, "temperature"),
        (disk(temperature={"current": 66, "drive_trip": 65}), WARN, "temperature"),
    ],
)  # fmt: skip
def test_each_rule_holds_from_its_number_on(facts: Facts, level: Level, reason: str) -> None:
    assert judge(facts) == [Finding(level, reason)]


def test_all_reasons_are_given_the_gravest_first() -> None:
    facts = nvme(critical_warning=5, media_errors=1, percentage_used=90)
    assert judge(facts) == [
        Finding(FAIL, "critical warning: spare"),
        Finding(FAIL, "critical warning: reliability"),
        Finding(WARN, "media errors"),
        Finding(WARN, "endurance"),
    ]


def test_what_cannot_be_looked_into_gets_no_verdict() -> None:
    assert judge(Facts({"smartctl": {"exit_status": 4}, "model_name": "a RAID's volume"})) == []


def test_a_disk_whose_numbers_are_no_numbers_is_judged_by_the_rest() -> None:
    facts = {
        "smart_status": {"passed": False},
        "smartctl": {"exit_status": "many"},
        "temperature": [31],
        "rotation_rate": {},
        "ata_smart_attributes": {"table": [None, 7, {"id": []}, {"id": 5, "raw": 3}]},
        "nvme_smart_health_information_log": {"percentage_used": "1e999", "critical_warning": None},
        "scsi_error_counter_log": "none",
        "ata_smart_self_test_log": {"standard": {"table": {}}},
    }
    assert judge(Facts(facts)) == [Finding(FAIL, "disk says it fails")]


def test_real_disks_are_flagged_seldom_and_rightly() -> None:
    if not captures():
        pytest.skip("needs the answers of real disks")
    found = rows()
    flagged = {row.disk: row.reasons for row in found if row.level >= WARN}
    assert flagged == {
        "MB0500EBNCR_13": "uncorrectable errors",
        "SEAGATE_ST373453LC_26": "uncorrected errors, grown defects",
    }
    assert not [row.disk for row in found if "command timeouts" in row.reasons]
    assert len(flagged) < len([row for row in found if row.scrutiny])
