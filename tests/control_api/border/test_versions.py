"""Two who edit the same thing."""

import pytest
from flask import Flask

from hyperion_control.border import versions
from hyperion_control.errors import Stale, VersionNeeded


def seen(header: str | None) -> int | None:
    headers = {} if header is None else {"If-Match": header}
    with Flask("any").test_request_context(headers=headers):
        return versions.if_match()


def test_the_etag_that_was_given_comes_back_as_the_version() -> None:
    assert seen(versions.etag(7)["ETag"]) == 7


def test_a_star_takes_any_version() -> None:
    assert seen("*") is None


@pytest.mark.parametrize("header", [None, "", " "])
def test_nothing_is_changed_unseen(header: str | None) -> None:
    with pytest.raises(VersionNeeded, match="send If-Match"):
        seen(header)


@pytest.mark.parametrize("header", ['W/"7"', "7", '"x"', '"7", "8"', '"-1"', '"99999999999"'])
def test_what_is_no_version_of_ours_is_stale(header: str) -> None:
    with pytest.raises(Stale):
        seen(header)
