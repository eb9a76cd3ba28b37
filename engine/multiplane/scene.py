"""The nouns: camera, photo, depth map, segment, layer, key light, scene. Frozen, checked when made, never mutated.

Conventions, stated once for the whole project:

* Arrays are numpy, row 0 is the top row. x points right, y down, z forward (away from the viewer).
* The centre of the first pixel is (0.5, 0.5); a picture of width W spans x from 0 to W.
* Colour is sRGB-encoded float32 in [0, 1] with straight (unassociated) alpha, because editors and browsers
  blend there. Only relighting and EXR go to scene-linear light, and come back.
* Colours that come from a picture lie on its quantisation grid: k / 255 or k / 65535.
* Depth z is the distance along the optical axis, not along the ray; larger is farther. Where `metric` is false
  the unit is arbitrary but the same in the whole scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from multiplane.arrays import Floats, Mask, check_depth, check_mask, check_unit
from multiplane.errors import SceneError

Plane: TypeAlias = Literal["foreground", "midground", "background"]
Blend: TypeAlias = Literal["normal", "multiply"]
BitDepth: TypeAlias = Literal[8, 16]

FULL_FRAME_WIDTH_MM = 36.0
FULL_FRAME_DIAGONAL_MM = 43.27
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of linear red, green and blue in luminance (Rec. 709, the primaries of sRGB)."""
UNIT_TOLERANCE = 1e-3
DEFAULT_FOCAL_35MM = 30.0
"""Assumed 35 mm equivalent focal length where a picture does not state one: a phone's or a kit zoom's wide end."""


@dataclass(frozen=True)
class Camera:
    """A pinhole with square pixels and its centre at (width/2, height/2); `focal` is in pixels."""

    width: int
    height: int
    focal: float

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise SceneError(f"a camera needs at least 1 x 1 pixels, not {self.width} x {self.height}")
        if not 0 < self.focal < np.inf:
            raise SceneError(f"a camera's focal length must be positive and finite, not {self.focal}")

    @staticmethod
    def from_focal_35mm(width: int, height: int, focal_35mm: float = DEFAULT_FOCAL_35MM) -> Camera:
        """Make a camera from a 35 mm equivalent focal length, by the diagonal, which holds for every aspect."""
        return Camera(width, height, focal_35mm * float(np.hypot(width, height)) / FULL_FRAME_DIAGONAL_MM)

    @property
    def focal_35mm(self) -> float:
        """The 35 mm equivalent focal length in millimetres, by the diagonal."""
        return self.focal * FULL_FRAME_DIAGONAL_MM / float(np.hypot(self.width, self.height))

    @property
    def fov_y(self) -> float:
        """The vertical field of view in radians: 2 atan(H / 2f)."""
        return 2.0 * float(np.arctan(self.height / (2.0 * self.focal)))

    @property
    def centre(self) -> tuple[float, float]:
        """The principal point (x, y) in pixels."""
        return self.width / 2.0, self.height / 2.0

    def unproject(self, u: Floats, v: Floats, z: Floats) -> Floats:
        """Points (..., 3) in camera space seen at pixel positions u, v and depth z: x = (u - cx) z / f."""
        cx, cy = self.centre
        return np.stack([(u - cx) * z / self.focal, (v - cy) * z / self.focal, z], axis=-1).astype(np.float32)

    def project(self, points: Floats) -> Floats:
        """Pixel positions (..., 2) of camera-space points (..., 3); inverse of `unproject` for z > 0."""
        cx, cy = self.centre
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        return np.stack([x / z * self.focal + cx, y / z * self.focal + cy], axis=-1).astype(np.float32)

    def resized(self, width: int, height: int) -> Camera:
        """The same view at another pixel size (the aspect should be kept)."""
        return Camera(width, height, self.focal * width / self.width)


@dataclass(frozen=True)
class Photo:
    """An upright picture: `rgb` (H, W, 3) on the grid of its bit depth, and facts about its source.

    `alpha` (H, W) is there where the picture came with transparency. `icc_profile` is the source's own profile
    (the pixels are already sRGB). `focal_source` says where the focal length came from. `bleed` is how many pixels
    beside a thing its colours may be noticed, because the file was compressed with loss.
    """

    rgb: Floats
    camera: Camera
    name: str = "photo"
    bit_depth: BitDepth = 8
    alpha: Floats | None = None
    icc_profile: bytes | None = None
    dpi: float | None = None
    focal_source: Literal["exif", "default", "given"] = "default"
    bleed: float = 0.0

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        check_unit(self.rgb, "photo.rgb", (*size, 3))
        if not 0 <= self.bleed < np.inf:
            raise SceneError(f"photo.bleed must be 0 pixels or more and finite, not {self.bleed}")
        if self.alpha is not None:
            check_unit(self.alpha, "photo.alpha", size)


@dataclass(frozen=True)
class DepthMap:
    """Depth of every pixel: `z` (H, W) > 0, larger is farther; in metres where `metric`."""

    z: Floats
    metric: bool = False

    def __post_init__(self) -> None:
        check_depth(self.z, "depth.z", (None, None))


@dataclass(frozen=True)
class Segment:
    """A region of the photo that belongs together: `mask` (H, W) of the photo's size.

    `label` is a class word such as "sky", "ground", "person" or "object"; `name` is what a designer reads.
    """

    name: str
    label: str
    mask: Mask

    def __post_init__(self) -> None:
        check_mask(self.mask, "segment.mask", (None, None))
        if not self.mask.any():
            raise SceneError(f"segment {self.name!r} is empty: its mask must hold at least one pixel")


@dataclass(frozen=True)
class Layer:
    """One sheet: `rgba` (h, w, 4) straight alpha, `z` (h, w), `filled` (h, w), at `corner` (x, y) of the canvas.

    The arrays are cropped to what the layer shows. `filled` marks pixels whose colour was invented. `caster` is the
    id of the layer that throws this one, where it is a shadow. `id` never changes; `name` may.
    """

    id: str
    name: str
    label: str
    plane: Plane
    corner: tuple[int, int]
    rgba: Floats
    z: Floats
    filled: Mask
    caster: str | None = None
    blend: Blend = "normal"

    def __post_init__(self) -> None:
        check_unit(self.rgba, f"layer {self.id!r}: rgba", (None, None, 4))
        check_depth(self.z, f"layer {self.id!r}: z", self.rgba.shape[:2])
        check_mask(self.filled, f"layer {self.id!r}: filled", self.rgba.shape[:2])
        if self.plane not in get_args(Plane):
            raise SceneError(_choice(self.id, "plane", get_args(Plane), self.plane))
        if self.blend not in get_args(Blend):
            raise SceneError(_choice(self.id, "blend", get_args(Blend), self.blend))

    @property
    def height(self) -> int:
        """Rows of the cropped arrays."""
        return int(self.rgba.shape[0])

    @property
    def width(self) -> int:
        """Columns of the cropped arrays."""
        return int(self.rgba.shape[1])

    @property
    def visible(self) -> Mask:
        """Pixels (h, w) with any opacity."""
        return np.asarray(self.rgba[..., 3] > 0)

    @property
    def depth(self) -> float:
        """The one depth that stands for the layer: the median of z where it is at least half opaque."""
        solid = self.rgba[..., 3] >= 0.5
        return float(np.median(self.z[solid] if solid.any() else self.z))

    @property
    def filled_share(self) -> float:
        """Share in [0, 1] of the layer's opaque area whose colour was invented."""
        alpha = self.rgba[..., 3]
        total = float(alpha.sum(dtype=np.float64))
        return float(alpha[self.filled].sum(dtype=np.float64)) / total if total else 0.0


def _choice(layer: str, field_name: str, choices: tuple[str, ...], got: str) -> str:
    return f"layer {layer!r}: {field_name} must be one of {', '.join(choices)}, not {got!r}"


@dataclass(frozen=True)
class KeyLight:
    """The one light that shaped the picture, as estimated or given.

    `towards` is the unit vector from the scene to the light: up is y < 0, behind the viewer is z < 0. `colour` is
    scene-linear RGB relative to the ambient light's, of luminance 1. `ambient` is the share of the irradiance on a
    surface facing the light that comes from everywhere else. `ambient` and `confidence` lie in [0, 1].
    """

    towards: tuple[float, float, float]
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.5
    confidence: float = 1.0

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.towards))
        if not abs(length - 1.0) <= UNIT_TOLERANCE:
            raise SceneError(f"key light: towards must have length 1, not {length:g}: {self.towards}")
        luminance = float(np.dot(LUMINANCE, self.colour))
        if not (min(self.colour) >= 0.0 and abs(luminance - 1.0) <= UNIT_TOLERANCE):
            raise SceneError(f"key light: colour must be RGB >= 0 of luminance 1, not {self.colour}")
        for word, share in (("ambient", self.ambient), ("confidence", self.confidence)):
            if not 0.0 <= share <= 1.0:
                raise SceneError(f"key light: {word} must lie in [0, 1], not {share}")


@dataclass(frozen=True)
class Origin:
    """How a scene came to be: enough to make it again, and to say what was assumed."""

    photo: str = "photo"
    depth: str = "unknown"
    segment: str = "unknown"
    seed: int = 0
    metric: bool = False
    focal_source: str = "default"
    version: str = ""


@dataclass(frozen=True)
class Scene:
    """Layers from far to near; the first is opaque everywhere, and compositing them gives back the photo.

    `alpha` (H, W) is the photo's own transparency: a mask over the composite as a whole, not part of any layer.
    `key_light` is what lit the photo, where that is known.
    """

    camera: Camera
    layers: tuple[Layer, ...]
    bit_depth: BitDepth = 8
    alpha: Floats | None = None
    icc_profile: bytes | None = None
    dpi: float | None = None
    origin: Origin = field(default_factory=Origin)
    key_light: KeyLight | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise SceneError("a scene needs at least one layer")
        if self.alpha is not None:
            check_unit(self.alpha, "scene.alpha", (self.camera.height, self.camera.width))
        for kind, values in (("id", [x.id for x in self.layers]), ("name", [x.name for x in self.layers])):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise SceneError(f"layer {kind}s must be unique, but {', '.join(map(repr, twice))} stands twice")
        for layer in self.layers:
            x, y = layer.corner
            if x < 0 or y < 0 or x + layer.width > self.camera.width or y + layer.height > self.camera.height:
                raise SceneError(
                    f"layer {layer.id!r} at {layer.corner} of {layer.width} x {layer.height} pixels"
                    f" reaches outside the {self.camera.width} x {self.camera.height} canvas"
                )
        bottom = self.layers[0]
        if (bottom.height, bottom.width) != (self.camera.height, self.camera.width) or bottom.rgba[..., 3].min() < 1.0:
            raise SceneError(f"the first layer {bottom.id!r} must cover the whole canvas and be opaque")

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, and every layer from near to far with its plane, depth and fill."""
        from multiplane.notebook import Card, shrunk, stacked, strip

        canvas, unit = (self.camera.width, self.camera.height), " m" if self.origin.metric else ""
        small = [shrunk(layer.rgba, layer.corner, canvas) for layer in self.layers]
        cards = [Card(stacked(small, [layer.blend == "multiply" for layer in self.layers]), "all layers")]
        for layer, picture in zip(reversed(self.layers), reversed(small), strict=True):
            facts = [layer.plane, f"depth {layer.depth:.3g}{unit}", f"{layer.filled_share:.0%} filled in"]
            cards.append(Card(picture, layer.name, [*facts, layer.blend] if layer.blend != "normal" else facts))
        size, count = f"{canvas[0]} x {canvas[1]}", len(self.layers)
        words = (
            f"{self.origin.photo}: {size}, {self.bit_depth} bit, {count} layer{'s' if count > 1 else ''}, near to far"
        )
        return strip(words, cards)
