"""Whether a machine made of files waits for a reboot, and why."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.reboot import MOST_PACKAGES, Reboot
from hyperion_exporter.paths import Paths

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]
Write = Callable[..., object]


@pytest.fixture
def machine(paths: Paths, write: Write) -> Callable[..., Reboot]:
    def machine(running: str, *installed: str, modules: bool = False) -> Reboot:
        write("proc/sys/kernel/osrelease", f"{running}\n")
        for release in installed:
            write(
                f"root/lib/modules/{release}/x" if modules else f"root/boot/vmlinuz-{release}", ""
            )
        return Reboot(paths, NoOptions())

    return machine


def reasons(samples: dict[tuple[str, ...], float]) -> list[tuple[str, ...]]:
    found = [key[1:] for key in samples if key[0] == "hyperion_reboot_reason"]
    assert samples["hyperion_reboot_required",] == bool(found)
    return found


def test_a_machine_on_its_newest_kernel_waits_for_nothing(
    machine: Callable[..., Reboot], scrape: Scrape
) -> None:
    running = "6.1.0-18-amd64"
    samples = scrape(machine(running, "6.1.0-9-amd64", running))
    assert reasons(samples) == []
    assert samples["hyperion_kernel_info", running, running] == 1


@pytest.mark.parametrize("modules", [False, True], ids=["its image", "its modules"])
@pytest.mark.parametrize(
    ("running", "installed"),
    [
        ("6.1.0-9-amd64", "6.1.0-18-amd64"),
        ("6.1.0-18-amd64", "6.12.41+deb13-amd64"),
        ("5.15.0-101-generic", "6.8.0-40-generic"),
        ("5.14.0-427.el9.x86_64", "5.14.0-427.13.1.el9_4.x86_64"),
        ("6.8.1-arch1-1", "6.8.2-arch2-1"),
    ],
)
def test_a_newer_kernel_waits_for_a_reboot(
    running: str, installed: str, modules: bool, machine: Callable[..., Reboot], scrape: Scrape
) -> None:
    samples = scrape(machine(running, running, installed, modules=modules))
    assert reasons(samples) == [("kernel", installed)]
    assert samples["hyperion_kernel_info", running, installed] == 1


def test_a_kernel_that_is_installed_while_we_run_is_seen(
    machine: Callable[..., Reboot], write: Write, scrape: Scrape
) -> None:
    reboot = machine("6.1.0-18-amd64", "6.1.0-18-amd64")
    assert reasons(scrape(reboot)) == []
    write("root/boot/vmlinuz-6.1.0-20-amd64", "")
    assert reasons(scrape(reboot)) == [("kernel", "6.1.0-20-amd64")]


@pytest.mark.parametrize(
    "other", ["6.9.0-1-cloud-amd64", "6.9.0-1-rt-amd64", "rescue-4f1c", "6.9.0-1-amd64.old~"]
)
def test_a_kernel_of_another_kind_is_not_its_next_one(
    other: str, machine: Callable[..., Reboot], scrape: Scrape
) -> None:
    assert reasons(scrape(machine("6.1.0-18-amd64", "6.1.0-18-amd64", other))) == []


def test_a_container_without_a_kernel_of_its_own_waits_for_none(
    machine: Callable[..., Reboot], scrape: Scrape
) -> None:
    assert reasons(scrape(machine("6.18.44"))) == []


def test_packages_that_wait_are_named_once(
    machine: Callable[..., Reboot], write: Write, scrape: Scrape
) -> None:
    write("root/run/reboot-required", "*** System restart required ***\n")
    write("root/run/reboot-required.pkgs", "libc6\ndbus\nlibc6\n")
    samples = scrape(machine("6.1.0-18-amd64", "6.1.0-20-amd64"))
    assert reasons(samples) == [
        ("package", "dbus"), ("package", "libc6"), ("kernel", "6.1.0-20-amd64"),
    ]  # fmt: skip


def test_a_list_without_end_is_cut(
    machine: Callable[..., Reboot], write: Write, scrape: Scrape
) -> None:
    write("root/run/reboot-required", "")
    write("root/run/reboot-required.pkgs", "".join(f"package{n}\n" for n in range(1000)))
    assert len(reasons(scrape(machine("6.1.0-18-amd64")))) == MOST_PACKAGES


@pytest.mark.parametrize("marker", ["reboot-required", "reboot-needed"])
def test_what_waits_may_not_be_named(
    marker: str, machine: Callable[..., Reboot], write: Write, scrape: Scrape
) -> None:
    write(f"root/run/{marker}", "")
    assert reasons(scrape(machine("6.4.0-150600.23-default"))) == [("unnamed", "")]


def test_a_list_that_is_left_over_is_no_reason(
    machine: Callable[..., Reboot], write: Write, scrape: Scrape
) -> None:
    write("root/run/reboot-required.pkgs", "libc6\n")
    assert reasons(scrape(machine("6.1.0-18-amd64"))) == []
