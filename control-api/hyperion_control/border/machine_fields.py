"""What is given of a machine, by JSON or by a line of an import, each checked in one place."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hyperion_control.border.models import Model
from hyperion_control.domain import addresses, colours, labels

MOST_ADDRESSES = 16


def _once(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


Name = Annotated[str, Field(max_length=63), AfterValidator(labels.name)]
Hostname = Annotated[str, Field(max_length=254), AfterValidator(addresses.hostname)]
Ip = Annotated[str, Field(max_length=50), AfterValidator(addresses.ip)]
Mac = Annotated[str, Field(max_length=20), AfterValidator(addresses.mac)]
Ips = Annotated[tuple[Ip, ...], Field(max_length=MOST_ADDRESSES), AfterValidator(_once)]
Macs = Annotated[tuple[Mac, ...], Field(max_length=MOST_ADDRESSES), AfterValidator(_once)]
Port = Annotated[int, Field(ge=1, le=65535)]
SshUser = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
Labels = Annotated[dict[str, str], AfterValidator(labels.labels)]
Colour = Annotated[str, AfterValidator(colours.colour)]


class MachineFields(Model):
    name: Name
    hostname: Hostname = Field("", description="How it is reached; empty: by its first IP.")
    ips: Ips = ()
    macs: Macs = ()
    port: Port = Field(9100, description="Of its exporter.")
    ssh_port: Port = 22
    ssh_user: SshUser = "root"
    runner: Literal["ssh", "local", "queue"] = Field(
        "ssh", description="local: the worker's own machine; queue: its agent asks for its tasks."
    )
    owner_id: str | None = Field(None, max_length=40, description="A member.")
    labels: Labels = {}
    notes: str = Field("", max_length=2000)
