"""What a machine is told to run to look at its processes and to act on one.

Fixed scripts for any POSIX sh on Linux with coreutils and grep. A process is named by its number
and its start, which are compared on the machine in the step before it is touched.
"""

from hyperion_control.domain import processes
from hyperion_control.domain.orders import Order

LOOK_SECONDS = 10
# A thousand processes take two seconds, and ten times that on a machine at its limit.
KILL_SECONDS = 60
# About eight thousand processes.
ANSWER_BYTES = 8 * 1024 * 1024
# Of each command line in a list, so that none can crowd out the others.
LIST_LINES, LIST_BYTES = 4, 2000
WHOLE_LINES, WHOLE_BYTES = 100_000, 4_000_000
# What the kernel is given to end a process after SIGKILL.
END_SECONDS = 3
MOST_GRACE_SECONDS = 60
# Exit codes of the scripts: there was a reason not to act; it did, and not all of them are gone.
REFUSED, SURVIVED = 80, 1

# Two looks at what each has consumed, a moment apart, tell who is busy now. NUL becomes a byte that
# is in no text, since BusyBox's cut takes it for the end of a line.
LOOK = """
which=${1:-[0-9]*} lines=$2 bytes=$3
LC_ALL=C
export LC_ALL
cd /proc || exit
look() {
  read -r up rest <uptime
  echo "= $1 $up"
  grep -Hsa '' $which/stat
}
look before
sleep 0.3
look after
echo "= rest"
grep -HsE '^(Uid|VmRSS):' $which/status
grep -HsE '^(read|write)_bytes:' $which/io
grep -HsE '^0:|:name=systemd:' $which/cgroup
grep -Hsam "$lines" '' $which/cmdline | tr '\\0' '\\377' | cut -b "1-$bytes"
echo "= users"
stat -c '%u %U' $which 2>/dev/null | sort -u
read -r boot <sys/kernel/random/boot_id
echo "= end $(grep '^btime ' stat) $boot $$"
"""

# All is taken from behind the name, which may hold anything, also what looks like fields.
HERE = rf"""
pid=$1 born=$2 boot=$3
LC_ALL=C
export LC_ALL
refuse() {{ echo "$*"; exit {REFUSED}; }}
fields() {{
  text=
  while read -r line; do text="$text $line"; done <"/proc/$1/stat"
  [ -n "$text" ] || return
  name=${{text#*(}}
  name=${{name%) *}}
  set -- ${{text##*) }}
  state=$1 parent=$2 group=$3 session=$4 flags=$7 nice=${{17}} start=${{20}}
}} 2>/dev/null
same() {{ fields "$1" && [ "$start" = "$2" ] && [ "$state" != Z ]; }}
failed() {{ same "$pid" "$born" || refuse changed; refuse denied; }}
kept() {{
  above=
  read -r above <"/proc/$parent/comm"
  case $1:$name in
    1:*) why=first ;;
    *:sshd) [ "$above" != sshd ] && why=sshd ;;
    # Fifteen letters are all that the kernel keeps.
    *:hyperion | *:hyperion-agent | *:hyperion-contro | *:hyperion-export) why=hyperion ;;
    *) [ $((flags / 2097152 % 2)) -eq 1 ] && why=kernel ;;
  esac && return
  case $way in *" $1 "*) why=way ;; *) return 1 ;; esac
}} 2>/dev/null
way=" $$ " parent=$$
while fields "$parent" && [ "$parent" -gt 1 ]; do way="$way$parent "; done
read -r now </proc/sys/kernel/random/boot_id
[ "$now" = "$boot" ] && same "$pid" "$born" || refuse changed
kept "$pid" && refuse "protected $why"
"""

SIGNAL = """
signal=$4 rounds=$5 called=$name
same "$pid" "$born" && kill -s "$signal" "$pid" 2>/dev/null || failed
while [ "$rounds" -gt 0 ] && same "$pid" "$born"; do sleep 0.1; rounds=$((rounds - 1)); done
printf 'found %s %s %s\\n' "$pid" "$born" "$called"
same "$pid" "$born" && echo "survived $pid" || echo "gone $pid"
"""

# All of the tree is stopped first, so that nothing forks away while it is looked for: children,
# and who is in a group or a session that one of them leads, whoever is their parent by now.
KILL = r"""
deep=$4 rounds=$5 after=$6
tree= told=
adopt() {
  at=$1:$start
  printf 'found %s %s %s\n' "$1" "$start" "$name"
  if [ "$1" != "$pid" ] && kept "$1"; then told="$told $at"; echo "protected $1"
  elif ! same "$1" "${at#*:}"; then told="$told $at"; echo "gone $1"
  elif kill -s 0 "$1" 2>/dev/null; then tree="$tree $at"
  else told="$told $at"; echo "denied $1"
  fi
}
members() {
  ids=
  for one in $tree; do
    # A number that has gone on to somebody else leads to strangers.
    fields "${one%:*}" && [ "$start" != "${one#*:}" ] || ids="$ids|${one%:*}"
  done
  ids=${ids#|}
}
# Behind the name are numbers, more of them than a name could hold.
like() {
  any="($ids) -?[0-9]+ -?[0-9]+|-?[0-9]+ ($ids) -?[0-9]+|-?[0-9]+ -?[0-9]+ ($ids)"
  printf '%s\n' "\) [^ZX] ($any)( -?[0-9]+){30,}$" | grep -lsEf - /proc/[0-9]*/stat
}
ours() { case "|$ids|" in *"|$parent|"* | *"|$group|"* | *"|$session|"*) ;; *) false ;; esac; }
known() { case "$tree$told " in *" $1:$start "*) ;; *) false ;; esac; }
walk() {
  new=
  members
  for file in $(like); do
    one=${file#/proc/}
    one=${one%/stat}
    fields "$one" && ours && ! known "$one" || continue
    new=yes
    adopt "$one"
  done
}
send() {
  for one in $tree; do same "${one%:*}" "${one#*:}" && kill -s "$1" "${one%:*}"; done
} 2>/dev/null
moving() {
  for one in $tree; do same "${one%:*}" "${one#*:}" && [ "${state#[Tt]}" ] && return; done
  false
}
alive() { for one in $tree; do same "${one%:*}" "${one#*:}" && return; done; false; }
await() { left=$1; while [ "$left" -gt 0 ] && "$2"; do sleep 0.1; left=$((left - 1)); done; }
freeze() {
  turn=0
  while [ -n "$deep" ] && [ $turn -lt 50 ]; do
    send STOP
    await 5 moving
    walk
    [ -n "$new" ] || return
    turn=$((turn + 1))
  done
}

# Should we be ended in the middle, nobody stays frozen.
trap 'send CONT' EXIT
trap 'exit 1' TERM HUP
kill -s 0 "$pid" 2>/dev/null || failed
adopt "$pid"
freeze
if [ "$rounds" -gt 0 ]; then
  send TERM
  send CONT
  await "$rounds" alive
fi
turns=0
while freeze; alive && [ $turns -lt 3 ]; do
  send KILL
  await "$after" alive
  turns=$((turns + 1))
done
for one in $tree; do
  same "${one%:*}" "${one#*:}" && echo "survived ${one%:*}" || echo "gone ${one%:*}"
done
! alive
"""

# setpriority(2) is for one thread.
RENICE = """
level=$4
threads=
for thread in /proc/$pid/task/[0-9]*; do threads="$threads ${thread##*/}"; done
said=$(renice "$level" -p $threads 2>&1 >/dev/null)
same "$pid" "$born" && [ "$nice" = "$level" ] && exit
echo "$said" >&2
failed
"""


def look(pid: int | None = None) -> Order:
    """At all processes, or at one with the whole of its command line."""
    if pid is None:
        return _order(LOOK, "", str(LIST_LINES), str(LIST_BYTES))
    return _order(LOOK, str(pid), str(WHOLE_LINES), str(WHOLE_BYTES))


def signal(pid: int, start: str, name: str, grace: int) -> Order:
    """Waits so many seconds for its end."""
    return _act(SIGNAL, pid, start, name, str(grace * 10), seconds=LOOK_SECONDS + grace)


def kill(pid: int, start: str, grace: int, *, tree: bool) -> Order:
    """SIGTERM, and SIGKILL for whoever is left after so many seconds."""
    words = ("tree" if tree else "", str(grace * 10), str(END_SECONDS * 10))
    return _act(KILL, pid, start, *words, seconds=KILL_SECONDS + grace)


def renice(pid: int, start: str, nice: int) -> Order:
    return _act(RENICE, pid, start, str(nice))


def _act(script: str, pid: int, start: str, *words: str, seconds: int = LOOK_SECONDS) -> Order:
    ticks, boot = processes.born(start)
    return _order(HERE + script, str(pid), ticks, boot, *words, seconds=seconds)


def _order(script: str, *words: str, seconds: int = LOOK_SECONDS) -> Order:
    argv = ("/bin/sh", "-c", script, "hyperion", *words)
    return Order(argv, seconds=seconds, head=ANSWER_BYTES, tail=0)
