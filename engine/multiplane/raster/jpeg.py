"""How a JPEG file was compressed: its quality by the quantisation tables, and whether its colours are coarser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STANDARD_SUM = 3688
"""Sum of the luma quantisation table of ITU-T T.81, K.1, which is that of quality 50."""
SUBSAMPLED = (1, 2)
"""What Pillow calls 4:2:2 and 4:2:0; 0 is 4:4:4, -1 anything else."""


@dataclass(frozen=True)
class JpegCoding:
    """`quality` from 1 to 100, as libjpeg counts; `subsampled` where a block of chroma spans 16 pixels and not 8."""

    quality: float
    subsampled: bool


def jpeg_coding(tables: Mapping[int, Sequence[int]], sampling: int) -> JpegCoding | None:
    """The coding of a file with these quantisation `tables` (64 steps each, the first is luma's); None without any.

    libjpeg scales the standard table by 2 - q / 50 from quality 50 on, and by 50 / q below; this is the inverse.
    """
    if not tables:
        return None
    scale = sum(tables[min(tables)]) / STANDARD_SUM
    quality = 100 - 50 * scale if scale <= 1 else 50 / scale
    return JpegCoding(min(100.0, max(1.0, quality)), sampling in SUBSAMPLED)
