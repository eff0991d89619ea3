"""Control: who did what, in numbers. Who it was stands in the audit, not here."""

from sources.limits import any_is_bad, rising
from sources.panels import graph, stat
from sources.parts import dashboard, line, row
from sources.queries import now, query
from sources.scope import PARTS
from sources.variables import of_parts

of, rate, grown = PARTS.of, PARTS.rate, PARTS.grown

OUTCOME, REFUSED = 'phase="outcome"', 'decision="refused"'
REQUESTS = "hyperion_control_http_request_duration_seconds_count"
REFUSALS = rate(REQUESTS, 'status=~"4.."')
CHANGING = rate(REQUESTS, 'method!~"GET|HEAD|OPTIONS"')


def total(metric: str, *matchers: str) -> str:
    """How many in the time that is shown."""
    return f"sum({grown(metric, *matchers, within='$__range')})"


NUMBERS = (
    stat(
        "Done",
        "What was done and ended, in the time that is shown: to machines, people and settings.",
        "short",
        now(f"{total('hyperion_control_audit_rows_total', OUTCOME)} or vector(0)", "changes"),
    ),
    stat(
        "Refused",
        "Requests that were recorded and refused, in the time that is shown.",
        "short",
        now(f"{total('hyperion_control_audit_rows_total', REFUSED)} or vector(0)", "refused"),
        limits=rising(1, 50),
    ),
    stat(
        "Logins",
        "Logins of people and programs that were started, in the time that is shown.",
        "short",
        now(f"{total('hyperion_control_logins_total')} or vector(0)", "logins"),
    ),
    stat(
        "Guessing",
        "Passwords that were tried while so many failed that somebody seems to guess.",
        "short",
        now(f"{total('hyperion_control_guessing_total')} or vector(0)", "tries"),
        limits=any_is_bad(),
    ),
    stat(
        "Not recorded",
        "Records that could not be written, so that what they announce was not done.",
        "short",
        now(f"{total('hyperion_control_audit_failures_total')} or vector(0)", "records"),
        limits=any_is_bad(),
    ),
    stat(
        "Other host keys",
        "Machines that showed another SSH host key than the approved one. Nothing is sent to them"
        " until somebody has looked why.",
        "short",
        now(f"max({of('hyperion_control_host_key_changed')})", "machines"),
        limits=any_is_bad(),
    ),
)

ACTIONS = graph(
    "Actions",
    "Actions on machines that ended, by kind and how they ended.",
    "short",
    query(
        f"max by (kind, state) ({grown('hyperion_control_actions_total')})", "{{kind}} {{state}}"
    ),
)

TASKS = graph(
    "Tasks",
    "Tasks that wait for a worker or run. Those that only wait have no worker, or a machine that is"
    " busy.",
    "short",
    query(f"max by (state) ({of('hyperion_control_tasks')})", "{{state}}"),
)

RECORDS = graph(
    "Records",
    "What was written to the audit: an intent before each action, an outcome after it, and what"
    " was allowed or refused.",
    "short",
    query(
        f"sum by (phase, decision) ({grown('hyperion_control_audit_rows_total')})",
        "{{phase}} {{decision}}",
    ),
)

LOGINS = graph(
    "Logins",
    "Logins that were started, by kind.",
    "short",
    query(f"sum by (kind) ({grown('hyperion_control_logins_total')})", "{{kind}}"),
)

PASSWORDS = graph(
    "Passwords",
    "Passwords that were presented: right, wrong, or refused unread by a limit.",
    "short",
    query(f"sum by (result) ({grown('hyperion_control_passwords_total')})", "{{result}}"),
)

CODES = graph(
    "Codes",
    "Codes of second factors that were presented: right, wrong, or refused by a limit.",
    "short",
    query(f"sum by (result) ({grown('hyperion_control_codes_total')})", "{{result}}"),
)

LOCKOUTS = graph(
    "Locked out",
    "Tries that were refused unread, by the limit that refused them.",
    "short",
    query(f"sum by (limit) ({grown('hyperion_control_lockouts_total')})", "{{limit}}"),
    limits=rising(10, 100),
)

ANSWERS = graph(
    "Refusals",
    "Requests that were refused: 401 nobody, 403 not allowed, 404 not theirs or not there, 409 the"
    " wrong moment, 422 not understood, 429 too many.",
    "reqps",
    query(
        f"sum by (status) ({REFUSALS})",
        "{{status}}",
    ),
)

RECORDING = row(
    "Recording",
    line(
        graph(
            "Time to record",
            "How long a record takes until it is durable, in 50 and in 99 of 100 cases.",
            "s",
            *(
                query(
                    f"histogram_quantile({share}, sum by (le)"
                    f" ({rate('hyperion_control_audit_write_seconds_bucket')}))",
                    f"{share:.0%}",
                )
                for share in (0.5, 0.99)
            ),
        ),
        graph(
            "Requests that change something",
            "Requests by method, without those that only read.",
            "reqps",
            query(f"sum by (method) ({CHANGING})", "{{method}}"),
        ),
        stat(
            "Newest record",
            "Number of the newest record in the audit. It only ever grows.",
            "short",
            now(f"max({of('hyperion_control_audit_head_seq')})", "number"),
        ),
    ),
)

CONTROL_BOARD = dashboard(
    "hyperion-control",
    "Control: who did what",
    "Actions, logins and refusals of the control API. Who it was stands in its audit.",
    PARTS,
    of_parts("hyperion_control_build_info"),
    line(*NUMBERS, height=4),
    line(ACTIONS, TASKS),
    line(RECORDS, LOGINS),
    line(PASSWORDS, CODES),
    line(LOCKOUTS, ANSWERS),
    RECORDING,
    since="now-24h",
)
