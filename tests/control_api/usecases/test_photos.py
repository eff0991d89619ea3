"""Photos: whatever is sent, a small JPEG of ours comes out, or a refusal."""

import io
import random
import struct
import zlib

import pytest
from PIL import ExifTags, Image, ImageDraw

from hyperion_control.errors import Invalid
from hyperion_control.usecases import photos

PLACE = "Rue Secrète 7"


def written(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def shown(sent: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(photos.encoded(sent)))
    image.load()
    return image


def png_of(width: int, height: int) -> bytes:
    """One that claims this size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
def test_a_jpeg_of_any_colours(mode: str) -> None:
    image = shown(written(Image.new(mode, (800, 400)), "JPEG"))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (512, 256))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_png_of_any_colours(mode: str) -> None:
    image = shown(written(Image.new(mode, (100, 400)), "PNG"))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (100, 400))


def test_what_is_transparent_becomes_white() -> None:
    image = shown(written(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG"))
    assert image.getpixel((10, 10)) == (255, 255, 255)


def test_a_small_one_is_not_blown_up() -> None:
    assert shown(written(Image.new("RGB", (1, 3)), "PNG")).size == (1, 3)


def test_a_photo_stands_upright_and_tells_nothing_of_its_place() -> None:
    image = Image.new("RGB", (600, 300), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 100, 300), fill="black")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = PLACE
    sent = written(
        image, "JPEG", exif=exif, comment=PLACE.encode(), icc_profile=b"profile" + PLACE.encode()
    )
    upright = shown(sent)
    assert upright.size == (256, 512)
    assert max(upright.getpixel((128, 5))) < 40, "what was left is on top"
    made = photos.encoded(sent)
    assert b"Secr" not in made
    assert not {b"Exif", b"ICC_PROFILE"} & {made[6:10], made[6:17]}
    assert upright.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_nothing_that_hides_behind_the_picture_comes_through() -> None:
    hidden = b"<?php system($_GET[0]); ?><script>alert(1)</script>"
    for form in ("PNG", "JPEG"):
        made = photos.encoded(written(Image.new("RGB", (9, 9)), form) + hidden)
        assert b"<script" not in made
        assert b"<?php" not in made


@pytest.mark.parametrize(
    "size", [(6001, 1), (1, 6001), (6000, 5000), (50_000, 50_000), (2**31 - 1, 1)]
)
def test_a_bomb_is_refused_by_what_it_claims(size: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        photos.encoded(png_of(*size))


def test_the_largest_that_is_taken() -> None:
    assert shown(written(Image.new("L", (6000, 4000)), "JPEG")).size == (512, 341)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM", "PDF"])
def test_other_kinds_are_refused_whatever_they_are_called(form: str) -> None:
    with pytest.raises(Invalid, match="send a JPEG or a PNG"):
        photos.encoded(written(Image.new("RGB", (16, 16)), form))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_damaged_photo_is_refused_or_repaired_but_never_a_fault_of_ours(form: str) -> None:
    chance = random.Random(7)  # noqa: S311  the same damage each time
    whole = written(Image.effect_noise((64, 48), 90).convert("RGB"), form)
    for _ in range(300):
        harmed = bytearray(whole)
        for _ in range(chance.randrange(1, 9)):
            harmed[chance.randrange(len(harmed))] = chance.randrange(256)
        harmed = harmed[: chance.choice((len(harmed), chance.randrange(len(harmed))))]
        try:
            assert len(photos.encoded(bytes(harmed))) > 100
        except Invalid:
            continue
