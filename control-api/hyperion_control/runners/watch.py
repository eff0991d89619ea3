"""One watch over all orders of a connection, on its machine: it ends what we let go of.

An order that brings a watcher of its own costs its machine three programs more. So a connection
that is used again gets this one: orders announce themselves at its door, a pipe in the machine's
memory, and it ends what still runs when the connection closes, when an order's time is over, or
when we say so.
"""

import re
import secrets
import threading
from contextlib import suppress

import paramiko

from hyperion_control.runners.channel import ANSWER_SECONDS, execute
from hyperion_control.runners.launcher import STOP, becoming

# All that it hears comes through the door, our own words too, so it waits for one thing only. When
# we are gone it takes the door away and reads on to a last word of its own: who wrote before was
# heard, and who finds no door afterwards brings a watcher.
# Its list has mark, pid, start time, and the second of uptime when the time is over. A sleep wakes
# it when the next one is due, and every ten seconds to forget what has ended: a longer one would
# long outlive it. To announce an order only adds to the list, since most end at once.
WATCH_ALL = r"""
stop=$1 mark=$2
shift 2
place=/dev/shm/hyperion-$mark
[ -w /dev/shm ] || place=/tmp/hyperion-$mark
umask 077
mkdir "$place" && mkfifo "$place/door" || exit 125
trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM
exec 3<>"$place/door" 4<&0 </dev/null
(
  trap - EXIT
  exec >&3 2>/dev/null
  while read -r words; do echo "$words"; done <&4
  echo over
) &
exec 4<&-
echo "hyperion $mark $place/door ${SHELL##*/}"
field() { [ $# -gt 19 ] && shift 19 && [ "$1" = "$born" ]; }
runs() {
  stat=
  while read -r words || [ -n "$words" ]; do stat="$stat $words"; done <"/proc/$pid/stat"
  field ${stat##*) }
} 2>/dev/null
# Ends what it is time for, keeps what still runs.
look() {
  orders=$list list= next=$((now + 10))
  for order in $orders; do
    IFS=:
    set -- $order
    unset IFS
    mark=$1 pid=$2 born=$3 until=$4
    runs || continue
    case "$dropped " in *" $mark "*) until=0 ;; esac
    if [ -z "$last" ] && [ "$until" -gt "$now" ]; then
      list="$list $order"
      [ "$until" -ge $next ] || next=$until
    else
      /bin/sh -c "$stop" hyperion "$mark" "$pid" "$born" >/dev/null 2>&1 &
    fi
  done
}
list= due=0 dropped= last=
while [ -z "$last" ]; do
  read -r what mark pid born seconds <&3
  read -r now rest </proc/uptime
  now=${now%.*}
  case $what in
    run)
      until=$((now + seconds)) next=$((now + (seconds < 10 ? seconds : 10)))
      list="$list $mark:$pid:$born:$until"
      # We may have let go of it on its way.
      case "$dropped " in *" $mark "*) look ;; esac
      ;;
    tick) look ;;
    drop) dropped="$dropped $mark"; look ;;
    over) rm -rf "$place"; echo last >&3 ;;
    last) last=yes; look ;;
  esac
  if [ -n "$list" ] && { [ $due -le "$now" ] || [ $next -lt $due ]; }; then
    due=$next
    (trap - EXIT; sleep $((next - now)); echo tick >&3) >/dev/null 2>&1 &
  fi
done
"""
DOOR = re.compile(rb"hyperion (?P<mark>[0-9a-f]{32}) (?P<door>/\S+) (?P<shell>.*)\n")
MOST_BYTES = 64 * 1024  # that a login shell may say before


class Watch:
    def __init__(self, line: paramiko.Transport) -> None:
        self._line = line
        self._beginning = threading.Lock()
        self._used = self._failed = False
        self._channel: paramiko.Channel | None = None
        self._door = ""
        # The login shell, where it is known.
        self.shell = ""

    def door(self) -> str:
        """Where an order of this connection announces itself; empty: it brings its own watcher.

        Asked for once its channel is open, so that the watch never takes the last one.
        """
        if self._channel and not self._channel.closed:
            return self._door
        # Nobody waits for what another begins.
        if self._used and not self._failed and self._beginning.acquire(blocking=False):
            try:
                self._begin()
            except (OSError, EOFError, paramiko.SSHException):
                self._failed = True
            finally:
                self._beginning.release()
        self._used = True
        return self._door

    def let_go(self, mark: str) -> None:
        """Have the order ended that is, or will be, announced there by this mark."""
        if self._channel:
            # The connection is gone, which says the same.
            with suppress(OSError, EOFError, paramiko.SSHException):
                self._channel.sendall(f"drop {mark}\n".encode())

    def _begin(self) -> None:
        self._channel, self._door = None, ""
        channel = self._line.open_session(timeout=ANSWER_SECONDS)
        try:
            mark = secrets.token_hex(16)
            argv = ["/bin/sh", "-c", WATCH_ALL, "hyperion", STOP, mark]
            execute(self._line, channel, becoming(argv))
            door, self.shell = _door(channel, mark)
            # One more for ending an order, or this machine has no room for a watch.
            self._line.open_session(timeout=ANSWER_SECONDS).close()
        except BaseException:
            channel.close()
            raise
        self._channel, self._door = channel, door


def _door(channel: paramiko.Channel, mark: str) -> tuple[str, str]:
    said = b""
    while piece := channel.recv(MOST_BYTES):
        said = said[-MOST_BYTES:] + piece
        for found in DOOR.finditer(said):
            if found["mark"] == mark.encode():
                return found["door"].decode(), found["shell"].decode(errors="replace")
    raise EOFError("the machine has no place for a watch")
