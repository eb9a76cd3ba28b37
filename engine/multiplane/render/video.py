"""Encodes frames as an MP4 that plays everywhere and keeps its colours: H.264, BT.709, tagged as such."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from multiplane.errors import FormatError, MissingDependency

CODECS = ("libx264", "libopenh264")
"""Encoders of H.264, the better first."""
OPTIONS = {
    # The bytes depend on the number of threads, and without cpu-independent on chance (macroblock trees, measured).
    "libx264": {"crf": "18", "preset": "medium", "threads": "4", "x264-params": "cpu-independent=1"},
    "libopenh264": {"b": "12M", "threads": "1"},
}
BT709 = 1
"""The code point of BT.709 for primaries, transfer and matrix (ITU-T H.273, tables 2 to 4)."""


def encode_mp4(frames: Iterable[NDArray[np.uint8]], fps: int) -> bytes:
    """An .mp4 of `frames` (h, w, 3), sRGB, all of one even size; taken one at a time.

    yuv420p, limited range, index in front so that it starts before it is loaded. Raises FormatError where there is no
    frame or a size is odd or changes, and MissingDependency where PyAV was built without H.264.
    """
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise FormatError("a video needs at least one frame, but there is none")
    height, width = first.shape[:2]
    if width % 2 or height % 2:
        raise FormatError(f"H.264 holds even sizes only, not {width} x {height}; crop or pad the frames")
    # The muxer moves the index to the front by reading back what it wrote, which it does with files only.
    with tempfile.TemporaryDirectory(prefix="multiplane-") as folder:
        path = Path(folder) / "clip.mp4"
        try:
            _write(path, chain([first], stream), width, height, fps)
        except av.FFmpegError as error:
            raise FormatError(f"the encoder refused a video of {width} x {height} at {fps} fps: {error}") from error
        return path.read_bytes()


def _write(path: Path, frames: Iterator[NDArray[np.uint8]], width: int, height: int, fps: int) -> None:
    codec = _codec()
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(codec, rate=fps, options=OPTIONS[codec])
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = ColorRange.MPEG
        for index, frame in enumerate(frames):
            if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
                raise FormatError(f"frame {index} is {frame.shape} {frame.dtype}, not {(height, width, 3)} uint8")
            container.mux(stream.encode(_yuv(frame, index)))
        container.mux(stream.encode(None))


def _yuv(frame: NDArray[np.uint8], index: int) -> av.VideoFrame:
    """Convert by BT.709: the default is BT.601, with which saturated greens shift visibly."""
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    yuv = rgb.reformat(
        format="yuv420p",
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        dst_color_primaries=ColorPrimaries.BT709,
        dst_color_trc=ColorTrc.BT709,
        interpolation="AREA",
    )
    yuv.pts = index
    return yuv


def _codec() -> str:
    for name in CODECS:
        if name in av.codecs_available:
            return name
    raise MissingDependency("this build of PyAV writes no H.264; install the one from PyPI: pip install --force av")
