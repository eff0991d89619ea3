"""Colours of groups."""

import re


def colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError("a colour is written such as #2f6fde")
    return text.lower()
