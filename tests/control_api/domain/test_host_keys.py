"""Keys of machines: as ssh-keygen shows them, and in which of four states one is."""

import pytest

from hyperion_control.domain.host_keys import fingerprint, key_state

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAF+QUqiutsen6Z12UNFTrkpbWJjwRLjRUQ9e08D64VA"


def test_a_fingerprint_is_what_ssh_keygen_shows() -> None:
    shown = "SHA256:doz9/dTAWXGmaNmirYO8bP/GQBlPUHlAmpfyNl5n8c8"
    assert fingerprint(KEY) == fingerprint(f"{KEY} root@web-1\n") == shown


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 ???", "ssh-ed25519 AAA"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no public key"):
        fingerprint(text)


@pytest.mark.parametrize(
    ("pinned", "offered", "state"),
    [("", "", "unknown"), ("", KEY, "pending"), (KEY, "", "pinned"), (KEY, "other", "changed")],
)
def test_a_key_is_in_one_of_four_states(pinned: str, offered: str, state: str) -> None:
    assert key_state(pinned, offered) == state
