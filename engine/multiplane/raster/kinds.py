"""Tells from its first bytes what kind of image a file is, and refuses the kinds that are not read, by name."""

from pathlib import Path
from typing import Literal, TypeAlias

from multiplane.errors import FormatError

Kind: TypeAlias = Literal["PNG", "JPEG", "TIFF", "WebP", "AVIF", "HEIC", "GIF", "BMP"]

READABLE = "PNG, JPEG, TIFF, WebP, AVIF, HEIC, GIF or BMP"
HEAD_BYTES = 1024
"""Enough for every signature, and for an SVG's opening tag behind its comments."""

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
REFUSED = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"IIRO", "a camera's raw file"),
    (b"IIRS", "a camera's raw file"),
    (b"IIU\0", "a camera's raw file"),
    (b"FOVb", "a camera's raw file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"glTF", "a glTF scene"),
    (b"\x93NUMPY", "a NumPy array"),
)
RAW_SUFFIXES = (".3fr", ".arw", ".cr2", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".nef", ".nrw", ".orf", ".pef", ".srw")
"""Raw files in a TIFF container, whose first picture is only a thumbnail."""
AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def kind_of(path: Path) -> Kind:
    """The kind of image in the file at `path`, by content and not by name.

    Raises FormatError for a file that is missing, unreadable, empty, or no image that can be read.
    """
    head = read_head(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _kind_of_box(path, head)
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            if kind == "TIFF" and (path.suffix.lower() in RAW_SUFFIXES or head[8:10] == b"CR"):
                raise unreadable(path, "a camera's raw file")
            return kind
    for signature, words in REFUSED:
        if head.startswith(signature):
            raise unreadable(path, words)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<") and b"<svg" in text:
        raise unreadable(path, "an SVG drawing")
    raise unreadable(path, "not an image")


def read_head(path: Path) -> bytes:
    """The first bytes of the file at `path`; FormatError if it is missing, not a file, unreadable or empty."""
    shown = repr(str(path))
    try:
        if path.is_dir():
            raise FormatError(f"{shown} is a folder; name one image file in it")
        if not path.exists():
            raise FormatError(f"{shown} does not exist; check the path")
        if not path.is_file():
            raise FormatError(f"{shown} is not an ordinary file; name an image file ({READABLE})")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise FormatError(f"{shown} cannot be opened ({first_line(error)}); check its permissions") from error
    if not head:
        raise FormatError(f"{shown} is empty (0 bytes); export or copy it again")
    return head


def unreadable(path: Path, words: str) -> FormatError:
    """The error for a file that is `words`, and not an image that can be read."""
    return FormatError(f"{str(path)!r} is {words}; save it as {READABLE}")


def first_line(error: BaseException) -> str:
    """What a foreign error says, on one line without a full stop, or its type where it says nothing."""
    text = str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".")[:160] or type(error).__name__


def _kind_of_box(path: Path, head: bytes) -> Kind:
    """AVIF or HEIC, by the major and compatible brands of the ISO base media file's first box."""
    size = int.from_bytes(head[:4], "big")
    box = head[8 : max(12, min(size, len(head)))]
    brands = [box[0:4], *(box[start : start + 4] for start in range(8, len(box), 4))]
    if any(brand in AVIF_BRANDS for brand in brands):
        return "AVIF"
    if brands[0] == b"crx ":
        raise unreadable(path, "a camera's raw file")
    if any(brand in HEIC_BRANDS for brand in brands):
        return "HEIC"
    raise unreadable(path, "a video")
