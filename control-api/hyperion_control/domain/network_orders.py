"""What a machine is told to run to look at its interfaces and sockets."""

from hyperion_control.domain.orders import Order

LOOK_SECONDS = 10
# About fifty thousand connections.
ANSWER_BYTES = 8 * 1024 * 1024

INTERFACES = """
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
echo "= devices"
grep -Hs : /proc/net/dev
cd /sys/class/net && grep -Hs '' */address */mtu */operstate */speed
echo "= addresses $(command -v ip)"
ip -o address show 2>/dev/null
echo "= end"
"""

# The name of a file may look like anything, but only what stands before the first arrow is ls's
# own; a newline in it comes as a question mark.
SOCKETS = r"""
LC_ALL=C
export LC_ALL
cd /proc || exit
echo "= sockets"
grep -Hs : net/tcp net/tcp6 net/udp net/udp6
echo "= holders"
ls -lnq [0-9]*/fd 2>/dev/null | grep -E '^[0-9]+/fd:$|^l[^>]* -> socket:\[[0-9]+\]$' |
  grep -oE '^[0-9]+/fd:$|[0-9]+\]$'
echo "= names"
grep -Hs '^Name:' [0-9]*/status
echo "= users"
stat -c '%u %U' [0-9]* 2>/dev/null | sort -u
echo "= end $(id -u)"
"""


def interfaces() -> Order:
    return _order(INTERFACES)


def sockets() -> Order:
    return _order(SOCKETS)


def _order(script: str) -> Order:
    argv = ("/bin/sh", "-c", script, "hyperion")
    return Order(argv, seconds=LOOK_SECONDS, head=ANSWER_BYTES, tail=0)
