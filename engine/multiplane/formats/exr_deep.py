"""Deep OpenEXR files: at every pixel one sample for each layer that shows there, with its own depth, near to far.

Written by hand after the file layout that openexr.com publishes, because OpenEXR's Python package wants an array of its
own for every pixel, more than a kilobyte each. A scanline is a chunk: its cumulative counts of samples, then channel
after channel, both zipped as OpenEXR's ZIPS does.
"""

import logging
import struct
from collections.abc import Iterator, Sequence

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from multiplane.arrays import Floats
from multiplane.formats.description import WORD, description_text
from multiplane.formats.exr_light import REC709, LinearLayer, linear_layers
from multiplane.formats.losses import warn_of_blends, warn_of_depth
from multiplane.formats.plane_depths import DEPTH_GAP
from multiplane.scene import Scene
from multiplane.version import __version__

log = logging.getLogger(__name__)

MAGIC, VERSION, DEEP = 20000630, 2, 0x800
HALF, FLOAT = 1, 2
CHANNELS = {"A": HALF, "B": HALF, "G": HALF, "R": HALF, "Z": FLOAT}
"""In the order of their names, as the format asks."""
ZIPS = 2
INCREASING_Y = 0
FAST = 1

SAMPLE = np.dtype([("A", "<f2"), ("B", "<f2"), ("G", "<f2"), ("R", "<f2"), ("Z", "<f4"), ("x", "<i4")])


def encode_deep_exr(scene: Scene) -> bytes:
    """The deep .exr of `scene`, scene-linear, premultiplied HALF with FLOAT depth; flattened it is the photo.

    In every byte, of an 8-bit scene, as for the layers of `encode_exr`. Depth is the scene's, in metres where that is
    metric, but that a layer which claims to lie behind one that it covers is brought just in front of it there. The
    photo's own transparency, for which a deep pixel has no place, is left out with a warning.
    """
    warn_of_blends(log, scene, "OpenEXR")
    warn_of_depth(log, scene, "OpenEXR's HALF holds 11 bits of a colour, and this scene 16: they are rounded")
    if scene.alpha is not None:
        log.warning("a deep OpenEXR has no mask over all samples: the photo's own transparency is left out")
    layers = list(linear_layers(scene))
    depths = _in_order(layers, scene.camera.height, scene.camera.width)
    most, chunks = 0, []
    for y in range(scene.camera.height):
        samples = _line(layers, depths, y)
        counts = np.bincount(samples["x"], minlength=scene.camera.width)
        most = max(most, int(counts.max()))
        chunks.append(_chunk(y, samples, counts))
    header = _header(scene, most)
    starts = np.cumsum([len(header) + 8 * len(chunks), *map(len, chunks[:-1])], dtype="<u8")
    return b"".join([header, starts.tobytes(), *chunks])


def _in_order(layers: Sequence[LinearLayer], height: int, width: int) -> list[Floats]:
    """Depths (h, w) of each layer, at every pixel strictly nearer than those of the layers it lies on."""
    nearest = np.full((height, width), np.inf, np.float32)
    ordered = []
    for linear in layers:
        (x, y), layer = linear.layer.corner, linear.layer
        behind = nearest[y : y + layer.height, x : x + layer.width]
        z = np.minimum(layer.z, behind * np.float32(1 - DEPTH_GAP)).astype(np.float32)
        np.copyto(behind, z, where=linear.rgba[..., 3] > 0)
        ordered.append(z)
    return ordered


def _line(layers: Sequence[LinearLayer], depths: Sequence[Floats], y: int) -> NDArray[np.void]:
    """The samples of a scanline, pixel after pixel, near to far in each."""
    parts = []
    for linear, z in zip(reversed(layers), reversed(depths), strict=True):
        left, top = linear.layer.corner
        if not top <= y < top + linear.layer.height:
            continue
        rgba = linear.rgba[y - top]
        (columns,) = np.nonzero(rgba[:, 3] > 0)
        part = np.empty(len(columns), SAMPLE)
        for index, letter in enumerate("RGBA"):
            part[letter] = rgba[columns, index]
        part["Z"], part["x"] = z[y - top][columns], columns + left
        parts.append(part)
    samples = np.concatenate(parts)
    return samples[np.argsort(samples["x"], kind="stable")]


def _chunk(y: int, samples: NDArray[np.void], counts: NDArray[np.int64]) -> bytes:
    table = _zipped(np.cumsum(counts).astype("<i4").tobytes())
    raw = b"".join(samples[channel].tobytes() for channel in CHANNELS)
    data = _zipped(raw)
    return struct.pack("<iQQQ", y, len(table), len(data), len(raw)) + table + data


def _zipped(raw: bytes) -> bytes:
    """As OpenEXR zips: even bytes, then odd ones, each as its difference from the one before; raw if not smaller."""
    plain = np.frombuffer(raw, np.uint8)
    apart = np.concatenate([plain[0::2], plain[1::2]])
    steps = apart.copy()
    steps[1:] = apart[1:] - apart[:-1] + np.uint8(128)
    packed = bytes(imagecodecs.deflate_encode(steps.tobytes(), FAST, raw=False))
    return packed if len(packed) < len(raw) else raw


def _header(scene: Scene, most: int) -> bytes:
    """Magic number, version and attributes; `most` is the largest number of samples of a pixel."""
    return struct.pack("<ii", MAGIC, VERSION | DEEP) + b"".join(_attributes(scene, most)) + b"\0"


def _attributes(scene: Scene, most: int) -> Iterator[bytes]:
    width, height = scene.camera.width, scene.camera.height
    listed = b"".join(name.encode() + struct.pack("<xiB3xii", kind, 0, 1, 1) for name, kind in CHANNELS.items())
    window = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    yield _attribute("channels", "chlist", listed + b"\0")
    yield _attribute("chromaticities", "chromaticities", struct.pack("<8f", *REC709))
    yield _attribute("chunkCount", "int", struct.pack("<i", height))
    yield _attribute("compression", "compression", bytes([ZIPS]))
    yield _attribute("dataWindow", "box2i", window)
    yield _attribute("displayWindow", "box2i", window)
    yield _attribute("lineOrder", "lineOrder", bytes([INCREASING_Y]))
    yield _attribute("maxSamplesPerPixel", "int", struct.pack("<i", most))
    yield _attribute(WORD, "string", description_text(scene).encode("ascii"))
    yield _attribute("multiplaneDepthUnit", "string", b"metres" if scene.origin.metric else b"relative")
    yield _attribute("multiplaneFocal", "float", struct.pack("<f", scene.camera.focal))
    yield _attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    yield _attribute("screenWindowCenter", "v2f", struct.pack("<ff", 0, 0))
    yield _attribute("screenWindowWidth", "float", struct.pack("<f", 1))
    yield _attribute("software", "string", f"multiplane {__version__}".encode("ascii"))
    yield _attribute("type", "string", b"deepscanline")
    yield _attribute("version", "int", struct.pack("<i", 1))
    if scene.dpi:
        yield _attribute("xDensity", "float", struct.pack("<f", scene.dpi))


def _attribute(name: str, kind: str, data: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data
