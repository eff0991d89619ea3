"""One channel of a connection: opened, and given what the machine shall run in it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from hyperion_control.runners.base import Lost

ANSWER_SECONDS = 10.0
# sshd counts a closed channel for a moment longer, and refuses what is one too many.
REFUSED_SECONDS = 2.0
REFUSED_PAUSE_SECONDS = 0.05


def open_channel(line: paramiko.Transport) -> paramiko.Channel:
    give_up = time.monotonic() + REFUSED_SECONDS
    while True:
        try:
            return line.open_session(timeout=ANSWER_SECONDS)
        # With two that ask at once, paramiko may give one the other's reason: any can be a refusal.
        except paramiko.SSHException:
            if not line.is_active() or time.monotonic() > give_up:
                raise
            time.sleep(REFUSED_PAUSE_SECONDS)


def execute(line: paramiko.Transport, channel: paramiko.Channel, words: bytes) -> None:
    """Without asking whether that was understood: what runs there says so itself, and sooner.

    One string for the login shell is all that SSH has.
    """
    request = paramiko.Message()
    request.add_byte(cMSG_CHANNEL_REQUEST)
    request.add_int(channel.remote_chanid)
    request.add_string("exec")
    request.add_boolean(False)
    request.add_string(words)
    channel.settimeout(ANSWER_SECONDS)
    line._send_user_message(request)  # type: ignore[attr-defined]


@contextmanager
def or_lost() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise Lost(f"the connection broke: {error or 'it hung up'}") from error
