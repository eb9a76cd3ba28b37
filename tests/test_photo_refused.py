"""Photos that are refused: what is missing, broken, enormous or no photo gives one line, and nothing broken is read."""

import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

import pictures
from multiplane.errors import PhotoError
from multiplane.photo.read import read_photo
from pictures import NOISE8, NOISE16, PICTURE, encoded, heic, levels, read_bytes


def refused(call: Callable[[], object], *words: str) -> None:
    """The call raises PhotoError, on one line, with every one of `words`."""
    with pytest.raises(PhotoError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_what_is_not_there_is_not_read(tmp_path: Path) -> None:
    refused(lambda: read_photo(tmp_path / "gone.png"), "gone.png", "does not exist")
    refused(lambda: read_photo(tmp_path), "is a folder")
    refused(lambda: read_bytes(tmp_path, b""), "empty")
    refused(lambda: read_photo(Path("a\0b")), "a\\x00b")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello, I am a letter", "not an image"),
        (b"%PDF-1.7\n%...", "a PDF document"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="x"/>', "an SVG drawing"),
        (b"8BPS\0\1" + bytes(40), "a Photoshop document"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "a video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw file"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "raw file"),
        (b"\xff\x0a" + bytes(40), "JPEG XL"),
        (b"PK\x03\x04" + bytes(40), "zip"),
    ],
)
def test_what_is_no_image_is_named_and_the_readable_kinds_too(tmp_path: Path, data: bytes, words: str) -> None:
    refused(lambda: read_bytes(tmp_path, data), words, "PNG", "HEIC")


def test_raw_files_in_a_tiff_are_not_taken_for_their_thumbnails(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", NOISE8[..., 0], extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
    refused(lambda: read_photo(tmp_path / "a.tif"), "raw file")
    refused(lambda: read_bytes(tmp_path, encoded("TIFF"), "a.NEF"), "raw file")


def every_kind() -> dict[str, bytes]:
    deep = io.BytesIO()
    tifffile.imwrite(deep, NOISE16[..., :3], photometric="rgb", compression="zlib")
    return {
        "JPEG": encoded("JPEG"),
        "progressive": encoded("JPEG", progressive=True),
        "PNG": encoded("PNG", NOISE8),
        "PNG 16": imagecodecs.png_encode(NOISE16),
        "WebP": encoded("WEBP"),
        "AVIF": encoded("AVIF"),
        "GIF": encoded("GIF"),
        "BMP": encoded("BMP"),
        "TIFF": encoded("TIFF"),
        "TIFF LZW": encoded("TIFF", compression="tiff_lzw"),
        "TIFF 16": deep.getvalue(),
    }


KINDS = every_kind()


@pytest.mark.parametrize("kind", [*KINDS, "HEIC"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_image_is_an_error_and_never_grey_rows(tmp_path: Path, kind: str, share: float) -> None:
    data = heic() if kind == "HEIC" else KINDS[kind]
    refused(lambda: read_bytes(tmp_path, data[: int(len(data) * share)]), "again")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6))
def test_damaged_bytes_give_a_picture_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, kind: str, edits: list[tuple[int, int]]
) -> None:
    data = bytearray(KINDS[kind])
    for place, value in edits:
        data[place % min(len(data), 700)] = value  # headers are where the harm is
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    try:
        photo = read_photo(path)
    except PhotoError as error:
        assert "\n" not in str(error)
    else:
        assert photo.rgb.shape == (photo.camera.height, photo.camera.width, 3)


def lying(data: bytes, place: int, size: bytes) -> bytes:
    return data[:place] + size + data[place + len(size) :]


def jpeg_of(width: int, height: int) -> bytes:
    data = encoded("JPEG")
    return lying(data, data.index(b"\xff\xc0") + 5, struct.pack(">HH", height, width))


@pytest.mark.parametrize(
    "data",
    [
        pictures.png_file(20000, 20000, 8, 2, b""),
        pictures.png_file(20000, 20000, 16, 2, b""),
        pictures.png_file(2**31 - 1, 2**31 - 1, 1, 0, b""),
        jpeg_of(60000, 60000),
        lying(encoded("BMP"), 18, struct.pack("<ii", 30000, 30000)),
        lying(encoded("GIF"), 6, struct.pack("<HH", 60000, 60000)),
        b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xfe\x3f\0\xfe\x3f\0",
    ],
)
def test_enormous_images_are_refused_before_they_are_decoded(tmp_path: Path, data: bytes) -> None:
    refused(lambda: read_bytes(tmp_path, data), "megapixels", "scale it down")


def test_images_without_pixels_are_refused(tmp_path: Path) -> None:
    refused(lambda: read_bytes(tmp_path, pictures.png_file(0, 5, 8, 2, b"")), "again")


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.float16])
def test_tiffs_whose_white_is_not_defined_are_refused(tmp_path: Path, dtype: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5, 3), dtype), photometric="rgb")
    refused(lambda: read_photo(tmp_path / "a.tif"), "8 or 16 bit")


def test_heic_without_its_package_names_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    refused(lambda: read_bytes(tmp_path, data, "a.heic"), "pip install 'multiplane[heic]'")


def test_damaged_metadata_does_not_stop_a_good_picture(tmp_path: Path) -> None:
    for exif in (
        b"Exif\0\0not a directory",
        b"Exif\0\0II*\0\xff\xff\xff\x7f",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(30),
    ):
        photo = read_bytes(tmp_path, encoded("JPEG", exif=exif, quality=95))
        assert np.abs(levels(photo).astype(int) - PICTURE).max() <= 12
        assert photo.focal_source == "default"
