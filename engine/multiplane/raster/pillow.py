"""Reads images of 8 bits a sample through Pillow, and 16-bit PNGs, whose metadata Pillow reads too."""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from multiplane.errors import FormatError
from multiplane.raster.jpeg import JpegCoding, jpeg_coding
from multiplane.raster.kinds import Kind
from multiplane.raster.raster import Raster, check_size

PLUGINS: dict[Kind, type[ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
PLAIN = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}
"""Pillow's rarer modes, and the plain one that says the same."""


def pillow_raster(path: Path, kind: Kind) -> Raster:
    """The first frame of an image of any kind; whatever Pillow raises for damaged data passes through.

    Plugins are called by name instead of through Image.open, whose own size limit is another one than ours.
    """
    with path.open("rb") as file, _plugin(kind)(file, str(path)) as image:
        check_size(path, *image.size)
        facts: dict[str, Any] = {
            "icc": image.info.get("icc_profile") or None,
            "dpi": _dpi(image),
            "exif": _exif(image),
            "jpeg": _jpeg(image),
            "frames": 1 if kind in ("JPEG", "HEIC") else int(getattr(image, "n_frames", 1)),
        }
        if kind == "PNG" and _png_bits(path) == 16:
            return _from_planes(kind, imagecodecs.png_decode(path.read_bytes()), facts)
        image.load()
        if kind == "TIFF":
            facts["exif"].pop(ExifTags.Base.Orientation, None)  # of all its plugins, this one turns pixels itself
        return _decoded(path, kind, image, facts)


def _plugin(kind: Kind) -> type[ImageFile]:
    if kind != "HEIC":
        return PLUGINS[kind]
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise FormatError("HEIC pictures need one more package: pip install 'multiplane[heic]'") from error
    plugin: type[ImageFile] = HeifImageFile
    return plugin


def _decoded(path: Path, kind: Kind, image: Image.Image, facts: dict[str, Any]) -> Raster:
    """The loaded image's samples: palettes stay palettes, single transparent colours become alpha."""
    if image.mode == "P":
        return Raster(kind, "palette", np.asarray(image), palette=_palette(image), **facts)
    if image.mode in ("1", "L", "RGB") and "transparency" in image.info:
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    plain = PLAIN.get(image.mode, image.mode)
    if plain != image.mode:
        image = image.convert(plain)
    if image.mode == "CMYK":
        return Raster(kind, "cmyk", np.asarray(image), **facts)
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return _from_planes(kind, np.asarray(image), facts)
    raise FormatError(f"{str(path)!r} is a {kind} with colour mode {image.mode!r}; convert it to RGB")


def _from_planes(kind: Kind, planes: NDArray[Any], facts: dict[str, Any]) -> Raster:
    """Split (H, W), (H, W, 2), (H, W, 3) or (H, W, 4) into samples and alpha; views, no copies."""
    count = 1 if planes.ndim == 2 else planes.shape[2]
    alpha = planes[..., -1] if count in (2, 4) else None
    if count >= 3:
        return Raster(kind, "rgb", planes[..., :3], alpha=alpha, **facts)
    return Raster(kind, "grey", planes if planes.ndim == 2 else planes[..., 0], alpha=alpha, **facts)


def _palette(image: Image.Image) -> NDArray[np.uint8]:
    """The 256 colours (256, 4) RGBA of a palette image; unused entries are opaque black."""
    colours = np.frombuffer(bytes(image.getpalette("RGBA") or b""), np.uint8).reshape(-1, 4)
    palette = np.tile(np.array([0, 0, 0, 255], np.uint8), (256, 1))
    palette[: len(colours)] = colours
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        palette[transparent, 3] = 0
    elif isinstance(transparent, bytes):
        palette[: len(transparent), 3] = np.frombuffer(transparent, np.uint8)
    return palette


def _jpeg(image: Image.Image) -> JpegCoding | None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    return jpeg_coding(image.quantization, JpegImagePlugin.get_sampling(image))


def _png_bits(path: Path) -> int:
    """Bits a sample, which stand at byte 24 of every PNG."""
    with path.open("rb") as file:
        return file.read(25)[24]


def _dpi(image: Image.Image) -> float | None:
    """The horizontal resolution where the file states it; Pillow makes 1 of a TIFF's silence."""
    stated = image.info.get("dpi")
    if isinstance(image, TiffImagePlugin.TiffImageFile) and TiffImagePlugin.X_RESOLUTION not in image.tag_v2:
        return None
    return float(stated[0]) if isinstance(stated, tuple) else None


def _exif(image: Image.Image) -> dict[int, Any]:
    """Tag numbers to values, the camera's directory included; what cannot be parsed counts as not stated."""
    try:
        exif = image.getexif()
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, struct.error):
        return {}
