"""The dashboards of Hyperion, one per file; this list is what there is."""

from sources.itself import ITSELF
from sources.machine import MACHINE

DASHBOARDS = (ITSELF, MACHINE)
