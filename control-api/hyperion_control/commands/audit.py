"""The commands for the audit: is it what was recorded, and give it to me."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing

from hyperion_control.commands.ready import ready_parts
from hyperion_control.domain.actors import SYSTEM
from hyperion_control.errors import Refused
from hyperion_control.settings import Settings
from hyperion_control.usecases import archiving, audit, heads, workers
from hyperion_control.usecases.audit import Verdict
from hyperion_control.usecases.recorder import Entry


def verify(settings: Settings, _args: Namespace) -> Iterator[str]:
    told, archives = heads.file(settings), archiving.folder(settings)
    with closing(ready_parts(settings)) as parts:
        yield verdict(audit.verify(parts.database, told, archives))


def verdict(found: Verdict) -> str:
    """Refuses, naming the first record that is not what was recorded."""
    if found.broken:
        raise Refused(f"the audit is not what was recorded: {found.broken}")
    return f"All {found.rows:,} records are as recorded, up to {found.head.hash or 'none'}."


def export(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        parts.audit.note(Entry(SYSTEM, "audit:export", detail={"form": args.format}))
        audit.export(parts.database, sys.stdout, args.format, args.since)
    yield from ()


def archive(settings: Settings, _args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        archiving.archive(parts, workers.introduce(parts))
    yield f"What is older than {settings.audit_keep_days} days is in {archiving.folder(settings)}."
