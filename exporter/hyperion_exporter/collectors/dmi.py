"""What the firmware says the machine is: maker, model, serial numbers."""

from collections.abc import Iterable
from pathlib import Path

from hyperion_exporter.collector import Block, Collector, NoData, NoOptions, Samples, gauge
from hyperion_exporter.paths import Kept, Paths

FILES = (
    "bios_date", "bios_release", "bios_vendor", "bios_version",
    "board_asset_tag", "board_name", "board_serial", "board_vendor", "board_version",
    "chassis_asset_tag", "chassis_serial", "chassis_vendor", "chassis_version",
    "product_family", "product_name", "product_serial", "product_sku", "product_uuid",
    "product_version", "sys_vendor",
)  # fmt: skip
LABELS = (*FILES[:-1], "system_vendor")
INFO = gauge("node_dmi_info", "What the firmware says of the machine, as labels.", *LABELS)


class Dmi(Collector):
    name = "dmi"
    help = "Maker, model and serial numbers as the firmware gives them."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._folder = paths.sys("class/dmi/id")
        self._facts: tuple[str, ...] = ()

    def collect(self) -> Iterable[Block]:
        # Firmware does not change while the system runs.
        if not self._facts:
            if not self._folder.is_dir():
                raise NoData("the firmware gives no DMI table")
            self._facts = tuple(_fact(self._folder / file) for file in FILES)
        samples = Samples()
        samples.add(INFO, 1, *self._facts)
        return [samples]


def _fact(path: Path) -> str:
    """Not every firmware has every fact, and serial numbers are root's alone to read."""
    try:
        return Kept(path).text().strip()
    except OSError:
        return ""
