"""TIFF bytes of integer levels, in 8 or 16 bits, with straight alpha: lossless, and the same for the same pixels."""

import io

import tifffile

from multiplane.arrays import Levels

SOFTWARE = "multiplane"
FASTEST = 1


def encode_tiff(levels: Levels) -> bytes:
    """TIFF of levels (H, W), (H, W, 3) or (H, W, 4), in strips, deflated after horizontal differences."""
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        levels,
        photometric="minisblack" if levels.ndim == 2 else "rgb",
        extrasamples=["unassalpha"] if levels.shape[2:] == (4,) else None,
        compression="zlib",
        compressionargs={"level": FASTEST},
        predictor=True,
        rowsperstrip=max(1, (1 << 20) // levels[0].nbytes),
        software=SOFTWARE,
        metadata=None,
    )
    return file.getvalue()
