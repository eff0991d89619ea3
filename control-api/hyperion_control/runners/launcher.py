"""What the machine itself does: start a program, watch over it, and end it with all its children.

Fixed scripts for any POSIX sh on Linux; all that differs comes to them as positional words.
They need setsid, timeout, head and grep, which every distribution has in its base.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from hyperion_control.domain.orders import Order
from hyperion_control.domain.quoting import line as quoted

# The machine's own limit is a little later than ours, which can say more about what happened.
SLACK_SECONDS = 5

# Becomes the user, unless it is that one or, being root, can become anybody later: the program and
# whoever ends it must be the same. sudo gives what it starts another process group, or none.
AS = r"""
user=$1
shift
if [ "$(id -u)" = 0 ] || [ "$(id -un)" = "$user" ]; then exec "$@"; fi
if ! command -v sudo >/dev/null; then
  echo "only root or a login that has sudo can run something as $user" >&2
  exit 125
fi
exec sudo -n -u "$user" -- setsid -w "$@"
"""

# It becomes the program, whose process group it leads since sshd, or we, gave it a session.
# Its stdin brings `size` bytes for the program, which are all here before anything starts, so a
# script that was cut on its way never runs half. Who ends it for us is the connection's watch, if
# that has a door of this same user and still takes what was written there (root could write to
# anybody's, who could not end what is root's); else a watcher of its own, if we sent one along,
# whose hold is the same stdin: we never end that while the program runs.
# bash may run it as login shell, after the user's own settings, so IFS is set back, and what is
# not there is told in the same words by all shells.
LAUNCH = r"""
unset IFS
stop=$1 watch=$2 mark=$3 seconds=$4 door=$5 size=$6 folder=$7 user=$8
shift 8
fail() { echo "$1" >&2; exit 125; }
field() { group=$3; shift 19; born=$1; }
read -r stat <"/proc/$$/stat" || fail "this machine shows no processes in /proc"
field ${stat##*) }
[ "$group" = $$ ] || fail "the connection gave no process group of its own"
[ -z "$watch" ] || for need in setsid timeout head grep; do
  command -v "$need" >/dev/null || fail "this machine lacks the program $need"
done
announced() {
  [ -O "$door" ] && echo "run $mark $$ $born $seconds" 1<>"$door" && [ -p "$door" ]
}
[ -z "$watch" ] || exec 3<&0
if [ "$size" = 0 ]; then
  exec </dev/null
else
  spool=/dev/shm/hyperion-$mark
  [ -w /dev/shm ] || spool=/tmp/hyperion-$mark
  (umask 077; set -C; timeout "$seconds" head -c "$size" >"$spool")
  exec <"$spool" || exit 125
  rm -f "$spool"
  [ "$(wc -c </dev/fd/0)" -eq "$size" ] || fail "stdin did not arrive whole"
fi
[ -z "$folder" ] || cd "$folder" || exit 125
if [ -n "$user" ] && [ "$user" != "$(id -un)" ]; then
  group=$(id -g "$user") || exit 125
  set -- setpriv --reuid="$user" --regid="$group" --init-groups "$@"
fi
if ! announced; then
  [ -n "$watch" ] || exit 75
  (
    setsid timeout -s ALRM "$seconds" \
      /bin/sh -c "$watch" hyperion "$stop" "$mark" $$ "$born" <&3 >/dev/null 2>&1 &
  )
fi
[ -z "$watch" ] || exec 3<&-
echo "hyperion $mark $$ $born"
case $1 in
  */*) ;;
  *) command -v "$1" >/dev/null || { echo "there is no program $1" >&2; exit 127; } ;;
esac
HYPERION_RUN=$mark
export HYPERION_RUN
exec "$@"
"""
# How it ends when it was sent no watcher and found nobody at the door.
UNWATCHED = 75
# Login shells that may run it themselves.
SHELLS = ("bash", "dash", "ash", "sh")

# Until we let go or the time is over, which timeout(1) says by SIGALRM. A program that has ended
# needs nothing more.
WATCH = r"""
stop=$1 mark=$2 pid=$3 born=$4
field() { shift 19; [ "$1" = "$born" ]; }
end() {
  [ -e "/proc/$pid" ] || exit
  stat=$(cat "/proc/$pid/stat")
  field ${stat##*) } || exit
  exec /bin/sh -c "$stop" hyperion "$mark" "$pid" "$born"
}
trap end ALRM
while read -r word; do :; done
end
"""

# The start time tells the program from another with its number. Zombies are dead.
STOP = r"""
mark=$1 pid=$2 born=$3
field() { shift 19; [ "$1" = "$born" ]; }
stat=$(cat "/proc/$pid/stat" 2>/dev/null) && field ${stat##*) } && group=-$pid
members() { [ -n "$group" ] && grep -lsE "\) [^ZX] [0-9]+ $pid [0-9]+ " /proc/[0-9]*/stat; }
sign=HYPERION_RUN=$mark
if printf 'a\0b\0' | grep -qzxF b 2>/dev/null; then
  marked() { grep -lszxF "$sign" /proc/[0-9]*/environ; }
else
  # So in small builds of BusyBox.
  marked() {
    for file in /proc/[0-9]*/environ; do
      tr '\0' '\n' <"$file" | grep -qxF "$sign" && echo "$file"
    done 2>/dev/null
  }
fi
end() {
  [ -z "$group" ] || kill -s "$1" -- "$group"
  for file in $(marked); do file=${file#/proc/}; kill -s "$1" "${file%/environ}"; done
} 2>/dev/null
end TERM
round=0
while [ -n "$(members; marked)" ]; do
  round=$((round + 1))
  [ $round -lt 20 ] || end KILL
  [ $round -lt 45 ] || exit 1
  sleep 0.1
done
"""

STARTED = re.compile(rb"hyperion (?P<mark>[0-9a-f]{32}) (?P<pid>[0-9]+) (?P<born>[0-9]+)\n")


@dataclass(frozen=True)
class Launch:
    """One start of one order."""

    order: Order
    mark: str = field(default_factory=lambda: secrets.token_hex(16))

    def argv(self) -> list[str]:
        """With a watcher of its own."""
        return _script(self.order.user, LAUNCH, *self._words(STOP, WATCH, ""))

    def line(self, door: str, shell: str) -> bytes:
        """For a machine's login shell. `door`: of a watch that is there already; may be empty.

        Another user than the login may find no way through that door.
        """
        user = self.order.user
        if not door or user:
            return becoming(_script(user, LAUNCH, *self._words(STOP, WATCH, door)))
        words = self._words("", "", door)
        if shell in SHELLS:
            return b"set -- " + quoted(words) + LAUNCH.encode()
        return becoming(_script("", LAUNCH, *words))

    def _words(self, stop: str, watch: str, door: str) -> list[str]:
        order = self.order
        limit, size = str(order.seconds + SLACK_SECONDS), str(len(order.stdin))
        fixed = [stop, watch, self.mark, limit, door, size, order.folder, order.user]
        return [*fixed, *order.words()]


@dataclass(frozen=True)
class Started:
    """A program as its machine knows it."""

    mark: str
    pid: str
    born: str  # in the kernel's ticks since boot
    user: str = ""  # who it runs as; empty: the login

    def stop_argv(self) -> list[str]:
        """Ends it with all its children; exit status 0 when all of them are gone."""
        return _script(self.user, STOP, self.mark, self.pid, self.born)


class Opening:
    """Takes the launcher's word off the beginning of stdout, and what a login shell said before."""

    MOST_BYTES = 64 * 1024

    def __init__(self, launch: Launch) -> None:
        self._mark = launch.mark.encode()
        self._user = launch.order.user
        self._said = b""
        self.started: Started | None = None

    def rest(self, piece: bytes) -> bytes:
        """What of this piece is the program's own."""
        if self.started:
            return piece
        self._said = self._said[-self.MOST_BYTES :] + piece
        for found in STARTED.finditer(self._said):
            if found["mark"] == self._mark:
                mark, pid, born = (word.decode() for word in found.groups())
                self.started = Started(mark, pid, born, self._user)
                return self._said[found.end() :]
        return b""


def becoming(argv: Sequence[str]) -> bytes:
    """A login shell's line; `exec` spares the shell's own process."""
    return b"exec " + quoted(argv)


def _script(user: str, script: str, *words: str) -> list[str]:
    become = ["/bin/sh", "-c", AS, "hyperion", user] if user else []
    return [*become, "/bin/sh", "-c", script, "hyperion", *words]
