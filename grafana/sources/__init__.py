"""The dashboards of Hyperion, one per file; this list is what there is."""

from sources.alerts import ALERTS_BOARD
from sources.capacity import CAPACITY
from sources.control import CONTROL_BOARD
from sources.disks import DISKS
from sources.events import EVENTS_BOARD
from sources.fleet import FLEET
from sources.itself import ITSELF
from sources.machine import MACHINE_BOARD
from sources.network import NETWORK
from sources.processes import PROCESSES_BOARD
from sources.windows import WINDOWS

DASHBOARDS = (
    FLEET,
    MACHINE_BOARD,
    DISKS,
    NETWORK,
    PROCESSES_BOARD,
    EVENTS_BOARD,
    ALERTS_BOARD,
    CONTROL_BOARD,
    ITSELF,
    WINDOWS,
    CAPACITY,
)
