"""Signing in, in numbers."""

from prometheus_client import CollectorRegistry, Counter


class Meter:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.passwords = Counter(
            "hyperion_control_passwords",
            "Passwords that were presented: right, wrong, or refused unread by a limit.",
            ("result",),
            registry=registry,
        )
        self.codes = Counter(
            "hyperion_control_codes",
            "Codes of second factors that were presented: right, wrong, or refused by a limit.",
            ("result",),
            registry=registry,
        )
        self.logins = Counter(
            "hyperion_control_logins",
            "Logins that were started.",
            ("kind",),
            registry=registry,
        )
        self.lockouts = Counter(
            "hyperion_control_lockouts",
            "Tries that were refused unread: by the limit of the account, of the address, of"
            " codes, or of addresses that nobody has signed in from while all are guessed at.",
            ("limit",),
            registry=registry,
        )
        self.alarms = Counter(
            "hyperion_control_guessing",
            "Passwords that were presented while 300 tries had failed within five minutes.",
            registry=registry,
        )
