"""Questions that the kernel answers with a list."""

import pytest

from hyperion_exporter.sources import netlink

NETLINK_SOCK_DIAG = 4
NETLINK_ROUTE = 0


def test_a_list_has_all_its_messages() -> None:
    rtm_getlink = 18
    bodies = list(netlink.dump(NETLINK_ROUTE, rtm_getlink, bytes(16)))
    assert any(b"lo\0" in body for body in bodies)


@pytest.mark.parametrize("protocol", [NETLINK_SOCK_DIAG, NETLINK_ROUTE])
def test_what_the_kernel_does_not_understand_is_refused(protocol: int) -> None:
    with pytest.raises(OSError, match="Invalid argument|not supported"):
        list(netlink.dump(protocol, 9999, b""))
