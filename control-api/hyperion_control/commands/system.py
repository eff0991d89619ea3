"""The commands that make, save and renew the system itself."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hyperion_control import environment
from hyperion_control.commands.audit import verdict
from hyperion_control.commands.ready import ready_parts
from hyperion_control.errors import StartRefused
from hyperion_control.settings import Settings, secret_key_file
from hyperion_control.store import migrate
from hyperion_control.usecases import audit, backup, keys, stack
from hyperion_control.usecases import init as beginning
from hyperion_control.usecases.init import FirstAdmin
from hyperion_control.usecases.parts import Parts


def init(settings: Settings, args: Namespace) -> Iterator[str]:
    _make_folder(settings.data)
    settings = _with_key(settings)
    with closing(Parts.build(settings)) as parts:
        migrate.migrate(parts.database)
        yield f"The database is ready: {parts.database}"
        if first := beginning.begin(parts, args.admin, args.organisation):
            yield from _welcome(first)
        if args.stack:
            stack.furnish(parts, args.stack, args.replicas)


def save(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        size = backup.save(parts, args.file)
    yield f"Saved {size:,} bytes in {args.file}. The secret key is not in it: keep that elsewhere."


def restore(settings: Settings, args: Namespace) -> Iterator[str]:
    _make_folder(settings.data)
    with closing(Parts.build(settings)) as parts:
        backup.restore(parts, args.file, force=args.force)
        yield f"The database is the one of {args.file} again."
        # Not against the heads that were told since: what was recorded after the backup is gone.
        yield verdict(audit.verify(parts.database))


def rotate_keys(settings: Settings, args: Namespace) -> Iterator[str]:
    with closing(ready_parts(settings)) as parts:
        if args.master_file:
            yield from _new_master(parts, args.master_file)
            return
        rotated = keys.rotate(parts)
    yield f"Secrets sealed with the new key {rotated.key_id}: {rotated.values}."
    if rotated.forgotten:
        yield f"Keys that nothing needed any more, now gone: {rotated.forgotten}."


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StartRefused(
            f"cannot make the folder {folder}: {fault.strerror};"
            " set HYPERION_DATA to one that can be written"
        ) from None


def _with_key(settings: Settings) -> Settings:
    if settings.secret_key is not None:
        return settings
    file = secret_key_file(settings.data)
    beginning.make_key(file)
    made = environment.key(environment.text_of(file, "HYPERION_SECRET_KEY_FILE"), str(file))
    return replace(settings, secret_key=made)


def _welcome(first: FirstAdmin) -> Iterator[str]:
    yield ""
    yield f"The first admin, of the organisation {first.organisation}. This is shown only now:"
    yield f"  user name  {first.username}"
    yield f"  password   {first.password}  (once: you will be asked for one of your own)"
    yield f"  codes      {first.uri}"
    yield f"  secret     {first.secret}"
    yield "For the codes, let an authenticator app read this picture, or type the secret into it:"
    yield first.picture.rstrip()


def _new_master(parts: Parts, file: Path) -> Iterator[str]:
    environment.refuse_open(file)
    master = environment.key(environment.text_of(file, "--master-file"), str(file))
    count = keys.rewrap(parts, master)
    yield f"Keys under the new secret key: {count}."
    place = f"HYPERION_SECRET_KEY_FILE, or {secret_key_file(parts.settings.data)}"
    yield f"Now make {file} the secret key ({place}) and start serve and worker again."
