"""All that one answer of smartctl says of a disk, as series."""

from collections.abc import Iterable

from hyperion_exporter.collector import Samples, gauge
from hyperion_exporter.collectors.smart.ata import add_ata
from hyperion_exporter.collectors.smart.drive import add_drive
from hyperion_exporter.collectors.smart.facts import Facts
from hyperion_exporter.collectors.smart.nvme import add_nvme
from hyperion_exporter.collectors.smart.scsi import add_scsi
from hyperion_exporter.collectors.smart.self_test import add_self_test
from hyperion_exporter.collectors.smart.verdict import Finding

VERDICT = gauge(
    "hyperion_smart_verdict",
    "What is to be thought of the disk, one for each reason: 0 ok, 1 watch, 2 warn, 3 fail.",
    "device",
    "verdict",
    "reason",
)


def series(facts: Facts, findings: Iterable[Finding], device: str) -> Samples:
    samples = Samples()
    for add in (add_drive, add_ata, add_nvme, add_scsi, add_self_test):
        add(samples, facts, device)
    for level, reason in findings:
        samples.add(VERDICT, int(level), device, level.name.lower(), reason)
    return samples
