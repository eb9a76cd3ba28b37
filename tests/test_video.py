"""A clip decoded by PyAV: colours, tags, length, and that it starts as the photo and loops."""

import io
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
import skimage.data
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from multiplane.errors import FormatError, MissingDependency, SceneError
from multiplane.render import video
from multiplane.render.budget import tasteful_amplitude
from multiplane.render.clip import render_clip
from multiplane.render.video import encode_mp4
from multiplane.scene import Scene
from scenes import noise_scene, photo_of, picture_scene

PATCHES = np.array(
    [
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]],
        [[0, 0, 0], [128, 128, 128], [200, 120, 60], [30, 90, 200]],
    ],
    np.uint8,
)


def decode(data: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(data)) as container:
        return [
            frame.reformat(
                format="rgb24", src_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.JPEG
            ).to_ndarray()
            for frame in container.decode(video=0)
        ]


def astronaut_scene() -> Scene:
    return picture_scene(np.asarray(cv2.resize(skimage.data.astronaut(), (361, 271), interpolation=cv2.INTER_AREA)))


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


def test_colours_come_back_within_a_few_levels() -> None:
    frame = PATCHES.repeat(64, 0).repeat(64, 1)
    for seen in decode(encode_mp4([frame] * 3, 30)):
        difference = np.abs(seen[32::64, 32::64].astype(int) - PATCHES)
        assert difference.max() <= 3, seen[32::64, 32::64]


def test_the_stream_is_h264_tagged_as_bt709_and_starts_with_its_index() -> None:
    data = encode_mp4([PATCHES.repeat(32, 0).repeat(32, 1)] * 15, 25)
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (codec.color_primaries, codec.color_trc, codec.colorspace) == (1, 1, 1)
        assert codec.color_range == ColorRange.MPEG
        assert (stream.frames, stream.average_rate, float(stream.duration * stream.time_base)) == (15, 25, 0.6)


def test_a_clip_starts_as_the_photo_moves_and_loops() -> None:
    scene = astronaut_scene()
    frames = list(render_clip(scene, seconds=2, fps=12, amplitude=tasteful_amplitude(scene)))
    photo = photo_of(scene)
    decoded = decode(encode_mp4(frames, 12))
    assert len(decoded) == len(frames) == 24
    height, width = frames[0].shape[:2]
    assert (width, height) == (360, 270)
    shrunk = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    assert psnr(frames[0], shrunk) >= 40
    assert psnr(decoded[0], shrunk) >= 33
    assert psnr(decoded[12], shrunk) < 30
    steps = [float(np.abs(b.astype(int) - a).mean()) for a, b in pairwise([*frames, frames[0]])]
    assert steps[-1] < max(steps) / 3


def test_frames_are_drawn_one_at_a_time() -> None:
    done: list[tuple[int, int]] = []
    frames = render_clip(astronaut_scene(), seconds=1, fps=5, on_frame=lambda n, of: done.append((n, of)))
    next(frames)
    next(frames)
    assert done == [(1, 5)]
    assert len(list(frames)) == 3
    assert done == [(n, 5) for n in range(1, 6)]


def test_the_same_frames_give_the_same_bytes() -> None:
    frames = [list(render_clip(noise_scene(2, 64, 48), seconds=0.2)) for _ in range(2)]
    assert encode_mp4(frames[0], 30) == encode_mp4(iter(frames[1]), 30)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (333, 17), (640, 481)])
def test_any_photo_makes_frames_of_even_size_that_encode(size: tuple[int, int]) -> None:
    frames = list(render_clip(noise_scene(0, *size), seconds=0.1, fps=20, max_side=320))
    height, width = frames[0].shape[:2]
    assert width % 2 == height % 2 == 0
    assert max(width, height) <= 320
    assert decode(encode_mp4(frames, 20))[0].shape == (height, width, 3)


def test_a_clip_that_cannot_be_is_refused_when_asked_for() -> None:
    scene = noise_scene()
    for wrong in ({"seconds": 0.0}, {"fps": 0}, {"max_side": 1}, {"amplitude": -1.0}, {"amplitude": float("nan")}):
        with pytest.raises(SceneError, match="clip"):
            render_clip(scene, **wrong)


def test_frames_that_are_no_video_are_refused() -> None:
    even, odd, other = (np.zeros(shape, np.uint8) for shape in ((16, 16, 3), (16, 15, 3), (18, 16, 3)))
    with pytest.raises(FormatError, match="at least one frame"):
        encode_mp4([], 30)
    with pytest.raises(FormatError, match="even"):
        encode_mp4([odd], 30)
    with pytest.raises(FormatError, match="frame 1"):
        encode_mp4([even, other], 30)


def test_a_build_without_h264_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video.av, "codecs_available", {"mpeg4"})
    with pytest.raises(MissingDependency, match=r"H\.264"):
        encode_mp4([np.zeros((16, 16, 3), np.uint8)], 30)
