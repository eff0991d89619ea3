"""What people and organisations may be called."""

import pytest

from hyperion_control.domain import names


@pytest.mark.parametrize("text", ["ada", "ADA", " Ada ", "ＡＤＡ"])
def test_one_user_name_however_it_is_typed(text: str) -> None:
    assert names.username(text) == "ada"


@pytest.mark.parametrize(
    "text",
    ["", "-ada", "ada.", "a b", "ada@acme", "аda", "a" * 65, "a\nb", "a\x00b", "erased-x", "é"],
)
def test_what_is_no_user_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a user name has"):
        names.username(text)


@pytest.mark.parametrize("text", ["ada@example.org", "Ada.L+x@Example.org", "é@exämple.org"])
def test_an_address_stays_as_it_was_written(text: str) -> None:
    assert names.email(f" {text} ") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@x",
        "a@",
        "a@b@c",
        "a b@c.org",
        "a@c.org\r\nBcc: x",
        "<a@c.org>",
        "a@\u202ec.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        names.email(text)


def test_a_name_is_one_line_without_tricks() -> None:
    assert names.title(" Zoë Müller-O'Neill 李 ") == "Zoë Müller-O'Neill 李"
    for text in ("", "  ", "a\nb", "a\x1b[31mb", "a\u202eb", "a\u200bb", "x" * 101):
        with pytest.raises(ValueError, match="in one line"):
            names.title(text)


def test_time_zones() -> None:
    assert names.time_zone("Europe/Paris") == "Europe/Paris"
    assert names.time_zone("UTC") == "UTC"
    for text in ("", "Europe", "Mars/Base", "../../etc/passwd", "/etc/localtime"):
        with pytest.raises(ValueError, match="no such time zone"):
            names.time_zone(text)
