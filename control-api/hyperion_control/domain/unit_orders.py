"""What a machine is told to run to look at its units and to act on one.

Fixed scripts for any POSIX sh: names come to them as words. An action looks, acts, waits until the
unit is calm and looks again, all on the machine: a broken connection never leaves it half done.
"""

from collections.abc import Collection

from hyperion_control.domain import journal, units
from hyperion_control.domain.journal import Wanted
from hyperion_control.domain.orders import Order
from hyperion_control.domain.unit_states import PROPERTIES
from hyperion_control.domain.units import UnitType, Verb

LOOK_SECONDS = 20
# How long systemd may take; then it goes on by itself and the answer is that it still runs.
ACT_SECONDS = 25
# With the second in which it is watched, and time to spare.
WHOLE_SECONDS = 40
FOLLOW_SECONDS = 10
ANSWER_BYTES = 4 * 1024 * 1024
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0"}
# Exit codes of the scripts, above those of systemctl and journalctl.
NO_SYSTEMD, NO_UNIT, PROTECTED, OTHER_IMPACT = 80, 81, 82, 83
ANY_IMPACT = "*"

# Whoever has one of these to a unit is stopped with it (systemd's unit-dependency-atom.c).
FALLING = "RequiredBy,RequisiteOf,BoundBy,ConsistsOf,PropagatesStopTo"

HERE = f"[ -d /run/systemd/system ] || exit {NO_SYSTEMD}\n"

LIST = """
echo "= read"
systemctl show --all --property="$1" -- "*.$2" || exit
echo "= files"
systemctl list-unit-files --no-legend --full --type="$2" || exit
echo "= end"
"""

SHOW = """
echo "= unit"
systemctl show --all --property="$1" -- "$2" || exit
echo "= end"
"""

# The machine's own clock tells from when on there is more.
LOGS = """
date +%s
exec "$@"
"""

FOLLOW = """
timeout "$@"
result=$?
[ $result -eq 124 ] || exit $result
"""

ACT = f"""
set -f
trap 'echo "= end"' EXIT
verb=$1 unit=$2 expected=$3 dry=$4 kept=$5 seconds=$6 properties=$7 falling=$8
show() {{ systemctl show --all --property="$properties" -- "$@"; }}
value() {{ systemctl show --property="$1" --value -- "$unit"; }}
active() {{
  systemctl show --property=Id,ActiveState -- "$@" | while IFS== read -r key value; do
    case $key:$value in
      Id:*) id=$value ;;
      ActiveState:active | ActiveState:*ing) printf '%s\\n' "$id" ;;
    esac
  done
}}
fall() {{
  todo=$unit seen=" $(value Names) "
  while [ -n "$todo" ]; do
    new=
    for name in $(systemctl show --property="$falling" --value -- $todo); do
      case $seen in *" $name "*) ;; *) seen="$seen$name " new="$new $name" ;; esac
    done
    todo=
    [ -z "$new" ] || todo=$(active $new)
    fallen="$fallen $todo"
  done
  fallen=$(printf '%s\\n' $fallen | sort -u)
}}
refuse_kept() {{
  for name in $(systemctl show --property=Names --value -- "$unit" $fallen); do
    for pattern in $kept; do
      case $name in $pattern) printf '= protected %s\\n' "$name"; exit {PROTECTED} ;; esac
    done
  done
}}
calm() {{
  still=0
  while [ $still -lt 5 ] && [ $(($(date +%s) - begun)) -le $((seconds + 2)) ]; do
    sleep 0.2
    still=$((still + 1))
    case $(value SubState):$(value ActiveState) in auto-restart*) return ;; *ing) still=0 ;; esac
    now=$(value InvocationID)
    [ "${{now:-$started}}" = "$started" ] || return
  done
}}
judge() {{
  state=$(value ActiveState) now=$(value InvocationID)
  case $(value SubState):$state in auto-restart*) return 1 ;; *ing) return 2 ;; esac
  [ "${{now:-$started}}" = "$started" ] || return 1
  case $verb:$state in
    stop:inactive | stop:failed) return 0 ;;
    stop:*) return 1 ;;
  esac
  # What has run to its end, systemd forgets, and by which start it did.
  [ "$state:$(value Type):$(value Result)" = inactive:oneshot:success ] && return
  [ "$state" = active ] && {{ [ $verb != restart ] || [ "$started" != "$before" ]; }}
}}

[ "$(value LoadState)" != not-found ] || exit {NO_UNIT}
fallen=
case $verb in stop | restart) fall ;; esac
echo "= before"
show "$unit"
echo "= falls"
[ -z "$fallen" ] || show $fallen
refuse_kept
set -- $fallen
[ "$expected" = "{ANY_IMPACT}" ] || [ "$expected" = "$*" ] || exit {OTHER_IMPACT}
[ -z "$dry" ] || exit 0

begun=$(date +%s) before=$(value InvocationID)
timeout "$seconds" systemctl --no-ask-password "$verb" -- "$unit" </dev/null >/dev/null
result=$?
case $verb:$result in
  start:0 | stop:0 | restart:0 | reload:0 | *:124)
    started=$(value InvocationID)
    calm
    judge
    result=$? ;;
  *:0) ;;
  *) result=1 ;;
esac
echo "= after"
show "$unit"
echo "= log"
journalctl --unit="$unit" --since="@$begun" --lines=20 {" ".join(journal.FORM)} 2>/dev/null
exit $result
"""


def listing(kind: UnitType) -> Order:
    return _order(LIST, ",".join(PROPERTIES), kind)


def show(unit: str) -> Order:
    return _order(SHOW, ",".join(PROPERTIES), units.checked(unit))


def impact(verb: Verb, unit: str) -> Order:
    """What an action would meet."""
    return _act(verb, unit, ANY_IMPACT, dry=True)


def act(
    verb: Verb, unit: str, expected: Collection[str] | None = None, *, dry: bool = False
) -> Order:
    """`expected` is what shall fall with it; when it is not just that, nothing is done."""
    units.refuse_protected(verb, units.checked(unit))
    words = " ".join(sorted(set(expected or ())))
    return _act(verb, unit, ANY_IMPACT if expected is None else words, dry=dry)


def logs(unit: str, wanted: Wanted) -> Order:
    # The newest lines are kept whatever they cost.
    words = journal.argv(units.checked(unit), wanted)
    return _order(LOGS, *words, head=0, tail=ANSWER_BYTES)


def follow(unit: str, wanted: Wanted) -> Order:
    """For a while; so a reader who has gone leaves nothing behind for longer than that."""
    words = journal.argv(units.checked(unit), wanted)
    return _order(FOLLOW, str(FOLLOW_SECONDS), *words, "--follow")


def _act(verb: Verb, unit: str, expected: str, *, dry: bool) -> Order:
    given = (verb, units.checked(unit), expected, "dry" if dry else "")
    ours = (" ".join(units.protected(verb)), str(ACT_SECONDS), ",".join(PROPERTIES), FALLING)
    # Everybody may look.
    return _order(ACT, *given, *ours, seconds=WHOLE_SECONDS, user="" if dry else "root")


def _order(
    script: str,
    *words: str,
    seconds: int = LOOK_SECONDS,
    head: int = ANSWER_BYTES,
    tail: int = 0,
    user: str = "",
) -> Order:
    argv = ("/bin/sh", "-c", HERE + script, "hyperion", *words)
    return Order(argv, env=ENVIRONMENT, user=user, seconds=seconds, head=head, tail=tail)
