"""Profile photos: whatever is sent, what is kept and shown is a small JPEG that we made."""

import hashlib
import io
import struct
import threading

from PIL import Image, ImageOps

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Invalid, NotFound
from hyperion_control.store import photos
from hyperion_control.store.photos import Photo
from hyperion_control.usecases import charge
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

MAX_BYTES = 5 * 1024 * 1024
# Told by the content, whatever the request calls it.
FORMATS = ("JPEG", "PNG")
LONGEST_SIDE = 6000
MOST_PIXELS = 25_000_000  # 100 MB while it is decoded
SIDE = 512
QUALITY = 85

# What Pillow raises for files that are damaged, or made to harm.
DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
# One at a time, so that many who send the largest do not take all memory.
_decoding = threading.Lock()


def put(parts: Parts, actor: Actor, sent: bytes) -> None:
    with _decoding:
        image = encoded(sent)
    with (
        parts.audit.acting(Entry(actor, "photo:change", actor.user_id)),
        parts.database.writing("*") as connection,
    ):
        photos.put(connection, Photo(actor.user_id, image, parts.clock()))


def look(parts: Parts, actor: Actor, user_id: str) -> Photo:
    with parts.database.reading(actor.organisation_id) as connection:
        if user_id != actor.user_id:
            charge.known(connection, actor, user_id)
        photo = photos.get(connection, user_id)
    if photo is None:
        raise NotFound("this user has no photo")
    return photo


def remove(parts: Parts, actor: Actor) -> None:
    with (
        parts.audit.acting(Entry(actor, "photo:delete", actor.user_id)),
        parts.database.writing("*") as connection,
    ):
        photos.remove(connection, actor.user_id)


def version(photo: Photo) -> str:
    return hashlib.sha256(photo.image).hexdigest()[:32]


def encoded(sent: bytes) -> bytes:
    """A JPEG of at most 512 x 512 without anything but the picture."""
    try:
        with Image.open(io.BytesIO(sent), formats=FORMATS) as image:
            _refuse_large(image)
            small = _shrunk(image)
    except DAMAGED:
        raise Invalid("the photo cannot be read: send a JPEG or a PNG") from None
    written = io.BytesIO()
    small.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _refuse_large(image: Image.Image) -> None:
    """Told by its first bytes, before anything is unpacked."""
    if max(image.size) > LONGEST_SIDE or image.width * image.height > MOST_PIXELS:
        raise Invalid(
            f"the photo is too large: send one of at most {LONGEST_SIDE} pixels a side"
            f" and {MOST_PIXELS // 1_000_000} million pixels"
        )


def _shrunk(image: Image.Image) -> Image.Image:
    # First of all, so that the large one is never copied.
    image.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(image)
    shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    # A new picture, because the old one carries its comments and its place with it.
    small = Image.new("RGB", shown.size, "white")
    small.paste(shown, mask=shown.getchannel("A") if shown.mode == "RGBA" else None)
    return small
