"""Weaknesses of the processor."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.cpu_vulnerabilities import CpuVulnerabilities
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


@pytest.mark.parametrize(
    ("text", "mitigation", "state"),
    [
        ("Not affected\n", "", "not affected"),
        ("Not affected; VMX unsupported\n", "", "not affected"),
        ("Vulnerable\n", "", "vulnerable"),
        ("Vulnerable: Safe RET, no microcode\n", "Safe RET, no microcode", "vulnerable"),
        ("Vulnerable, IBPB: disabled\n", "IBPB: disabled", "vulnerable"),
        (
            "Mitigation: Retpolines, IBPB: conditional\n",
            "Retpolines, IBPB: conditional",
            "mitigation",
        ),
        ("Unknown: No mitigations\n", "No mitigations", "unknown"),
        ("KVM: Mitigation: VMX disabled\n", "KVM: Mitigation: VMX disabled", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_what_the_kernel_says_is_a_state_and_a_mitigation(
    paths: Paths, write: Write, scrape: Scrape, text: str, mitigation: str, state: str
) -> None:
    write("sys/devices/system/cpu/vulnerabilities/mds", text)
    assert scrape(CpuVulnerabilities(paths, NoOptions())) == {
        ("node_cpu_vulnerabilities_info", "mds", mitigation, state): 1
    }


def test_a_kernel_that_lists_none_has_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(CpuVulnerabilities(paths, NoOptions()))
