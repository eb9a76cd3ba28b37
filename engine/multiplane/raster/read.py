"""Reads any image file that multiplane reads; everything that can be wrong with one becomes one FormatError."""

import logging
import warnings
from pathlib import Path

from PIL import Image

from multiplane.errors import FormatError
from multiplane.raster.kinds import first_line, kind_of
from multiplane.raster.pillow import pillow_raster
from multiplane.raster.raster import MAX_PIXELS, Raster
from multiplane.raster.tiff import deep_tiff

log = logging.getLogger(__name__)


def read_raster(path: Path) -> Raster:
    """The first frame of the image at `path`, as stored; says in the log when there were more.

    Raises FormatError, one line naming the file and the mend, for anything that is not a whole readable image.
    """
    kind = kind_of(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata, which is not used where it is odd
            deep = deep_tiff(path) if kind == "TIFF" else None
            raster = deep or pillow_raster(path, kind)
    except FormatError:
        raise
    except Image.DecompressionBombError as error:  # from decoders that read the size before they show it
        raise FormatError(
            f"{str(path)!r} has more than the {MAX_PIXELS // 1_000_000} megapixels that are read; scale it down first"
        ) from error
    except MemoryError as error:
        raise FormatError(f"{str(path)!r} does not fit in memory; scale it down first") from error
    except Exception as error:  # decoders raise whatever damaged bytes lead them to
        raise FormatError(
            f"{str(path)!r} is damaged or cut short and cannot be decoded as {kind}"
            f" ({first_line(error)}); export or copy it again"
        ) from error
    if raster.frames > 1:
        log.warning("%r holds %d pictures; only the first is used", str(path), raster.frames)
    return raster
