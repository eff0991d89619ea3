"""Roles, each of which may all that the one before may, and what a token may be narrowed to."""

from enum import IntEnum


class Role(IntEnum):
    OBSERVER = 1  # looks
    OPERATOR = 2  # acts on machines
    ADMIN = 3  # decides who may

    @classmethod
    def parse(cls, text: str) -> "Role":
        return cls[text.upper()]

    def __str__(self) -> str:
        return self.name.lower()


# What a token can be narrowed to; a person's own login may all that the role may.
SCOPES = (
    "machines:read",
    "machines:write",
    "processes:write",
    "services:write",
    "commands:run",
    "commands:approve",
    "files:write",
    "users:read",
    "users:write",
    "audit:read",
    "sd:read",
    "alerts:write",
    "admin",
)
