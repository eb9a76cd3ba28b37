"""Draws a still of textured cards whose depth, alphas, shadows and hidden parts are all known exactly.

    sky < ground < hills < house < lantern < ring < ball < vase      (painting order, far to near)

The camera stands 1.35 m above level ground and looks 5 degrees down. Every card is a plane in space, so its depth is
exact at every pixel: z = c / (n . d) for the ray d with forward component 1. Colours are composited in sRGB with
straight alpha; shadows multiply the ground. Run as a script, it writes samples/cards/.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import card_paint as paint
import cv2
import numpy as np
import tifffile

from multiplane.arrays import Floats, Ints, Mask
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.scene import Camera, Photo

EYE_HEIGHT = 1.35
PITCH = np.float32(np.radians(5.0))
SKY_Z, HILLS_Z = 400.0, 60.0
SAMPLES = 3
"""Colours and alphas are averaged over SAMPLES x SAMPLES positions in each pixel."""
OBJECTS = ("lantern", "ring", "ball", "vase")


@dataclass(frozen=True)
class Card:
    """One plane: `rgb` (H, W, 3) and `z` (H, W) of its whole surface, `alpha` (H, W) where it is.

    `shadow` (H, W) is the factor in (0, 1] by which it darkens the ground, or None. `z` is meaningless where the plane
    is not in front of the camera, which `alpha` never covers.
    """

    name: str
    label: str
    rgb: Floats
    alpha: Floats
    z: Floats
    shadow: Floats | None = None


@dataclass(frozen=True)
class Cards:
    """The still: its `camera`, and its `cards` from far to near. All arrays are float32 of the camera's size."""

    camera: Camera
    cards: tuple[Card, ...]

    @property
    def photo(self) -> Photo:
        """The picture, on the 8-bit grid."""
        return Photo(from_levels(to_levels(self.without())), self.camera, name="cards")

    @property
    def background(self) -> Floats:
        """The clean plate (H, W, 3): the picture without its objects and their shadows."""
        return self.without(*OBJECTS)

    @property
    def front(self) -> Ints:
        """The index (H, W) in `cards` of the card that is seen: the nearest that is at least half opaque."""
        front = np.zeros((self.camera.height, self.camera.width), np.int32)
        for index, card in enumerate(self.cards):
            front[card.alpha >= 0.5] = index
        return front

    @property
    def z(self) -> Floats:
        """The depth (H, W) in metres of what is seen."""
        return np.choose(self.front, [card.z for card in self.cards])

    @property
    def shadow(self) -> Floats:
        """The factor (H, W) by which all shadows together darken the ground."""
        shadows = [card.shadow for card in self.cards if card.shadow is not None]
        return np.prod(shadows, axis=0, dtype=np.float32)

    def card(self, name: str) -> Card:
        """The card called `name`; KeyError if there is none."""
        return {card.name: card for card in self.cards}[name]

    def mask(self, name: str) -> Mask:
        """Where (H, W) the card called `name` is what is seen."""
        return self.front == self.cards.index(self.card(name))

    def without(self, *names: str) -> Floats:
        """The picture (H, W, 3), not rounded, as if the cards called `names` and their shadows were not there."""
        out = np.zeros((self.camera.height, self.camera.width, 3), np.float32)
        kept = [card for card in self.cards if card.name not in names]
        for card in kept:
            rgb = card.rgb
            if card.name == "ground":
                for caster in kept:
                    rgb = rgb if caster.shadow is None else rgb * caster.shadow[..., None]
            out += (rgb - out) * card.alpha[..., None]
        return np.clip(out, 0, 1)


def make_cards(width: int = 960, height: int = 640, seed: int = 0) -> Cards:
    """Draw the still at any size; the same arguments give the same arrays."""
    view = View(Camera.from_focal_35mm(width, height))
    table = paint.noise_table(seed)
    rng = np.random.default_rng(seed)
    cards = (_sky(view, table), _ground(view, table), _hills(view, table), _house(view, table))
    things = (_lantern(view), _ring(view, table), _ball(view), _vase(view, table, rng))
    return Cards(view.camera, cards + things)


class View:
    """The camera's rays on a window of a fine grid, and the way back from there to whole pixels.

    `across`, `down` and `forward` (h, w) are the ray's components in the level world per unit of depth z.
    """

    def __init__(self, camera: Camera, samples: int = SAMPLES, window: tuple[int, int, int, int] | None = None) -> None:
        self.camera, self.samples = camera, samples
        self.left, self.top, self.right, self.bottom = window or (0, 0, camera.width, camera.height)
        cx, cy = camera.centre
        u = (np.arange(self.left * samples, self.right * samples, dtype=np.float32) + 0.5) / samples
        v = (np.arange(self.top * samples, self.bottom * samples, dtype=np.float32) + 0.5) / samples
        x, y = np.meshgrid((u - cx) / camera.focal, (v - cy) / camera.focal)
        self.across = x.astype(np.float32)
        self.down = (y * np.cos(PITCH) + np.sin(PITCH)).astype(np.float32)
        self.forward = (np.cos(PITCH) - y * np.sin(PITCH)).astype(np.float32)

    def around(self, distance: float, x: tuple[float, float], height: float) -> "View":
        """The part that holds everything on the upright plane at `distance` between two x and up to `height`."""
        corners = [self.pixel(distance, side, up) / self.samples for side in x for up in (0.0, height)]
        low = np.floor(np.min(corners, axis=0)).astype(int) - 2
        high = np.ceil(np.max(corners, axis=0)).astype(int) + 2
        left, top = np.clip(low, 0, (self.camera.width - 1, self.camera.height - 1))
        right, bottom = np.clip(high, (left + 1, top + 1), (self.camera.width, self.camera.height))
        return View(self.camera, self.samples, (int(left), int(top), int(right), int(bottom)))

    def upright(self, distance: float, x: float = 0.0) -> tuple[Floats, Floats]:
        """Of the vertical plane at `distance`: metres to the right of `x`, and above the ground."""
        z = np.float32(distance) / self.forward
        return self.across * z - np.float32(x), EYE_HEIGHT - self.down * z

    def pixel(self, distance: float, x: float, height: float) -> Floats:
        """The fine position (x, y) on the whole grid of a point on the upright plane at `distance`."""
        down = EYE_HEIGHT - height
        y = down * np.cos(PITCH) - distance * np.sin(PITCH)
        z = down * np.sin(PITCH) + distance * np.cos(PITCH)
        return (np.array([x, y]) / z * self.camera.focal + self.camera.centre) * self.samples

    def card(self, name: str, label: str, rgb: Floats, alpha: Floats, z: Floats, shadow: Floats | None = None) -> Card:
        """A card from this window's fine colours and alphas, which are averaged, and `z` (H, W) at pixel centres."""
        return Card(name, label, self._pixels(rgb), self._pixels(alpha), z.astype(np.float32), shadow)

    def _pixels(self, fine: Floats) -> Floats:
        """Averages over each pixel, on the whole canvas; 0 outside the window."""
        size = (self.right - self.left, self.bottom - self.top)
        canvas = np.zeros((self.camera.height, self.camera.width, *fine.shape[2:]), np.float32)
        averaged = cv2.resize(np.ascontiguousarray(fine, np.float32), size, interpolation=cv2.INTER_AREA)
        canvas[self.top : self.bottom, self.left : self.right] = np.clip(averaged, 0, 1)
        return canvas


def _upright_z(view: View, distance: float) -> Floats:
    return np.float32(distance) / View(view.camera, 1).forward


def _shadow(view: View, x: float, distance: float, half_width: float, half_depth: float, strength: float) -> Floats:
    """The factor (H, W) on the ground of a soft elliptical shadow around (x, distance), in metres."""
    rays = View(view.camera, 1)
    z = EYE_HEIGHT / np.maximum(rays.down, 1e-4)
    far2 = ((rays.across * z - x) / half_width) ** 2 + ((rays.forward * z - distance) / half_depth) ** 2
    return (1 - strength * np.exp(-(np.minimum(far2, 40.0) ** 0.8))).astype(np.float32)


def _sky(view: View, table: Floats) -> Card:
    rgb = paint.sky(table, view.across / view.forward, -view.down / view.forward)
    return view.card("sky", "sky", rgb, np.ones_like(view.across), _upright_z(view, SKY_Z))


def _ground_z(view: View) -> Floats:
    return EYE_HEIGHT / np.maximum(view.down, 1e-4)


def _ground(view: View, table: Floats) -> Card:
    horizon = int(view.pixel(1e6, 0, EYE_HEIGHT)[1] / view.samples)
    top = min(max(horizon - 1, 0), view.camera.height - 1)
    part = View(view.camera, view.samples, (0, top, view.camera.width, view.camera.height))
    z = _ground_z(part)
    blur = z / view.camera.focal * np.maximum(1, 0.5 * z / EYE_HEIGHT)
    rgb = paint.paving(table, part.across * z, part.forward * z, blur)
    rgb = paint.mix(rgb, paint.colour("e9cfb2"), 0.6 * paint.smooth(8, 60, z))
    beside = part.across * z - _house_x(part.forward * z)
    rgb = rgb * (1 - 0.35 * np.exp(-np.maximum(beside, 0) / 0.25) * (beside > -0.5))[..., None]
    alpha = (part.down > 0).astype(np.float32)
    return part.card("ground", "ground", rgb, alpha, _ground_z(View(view.camera, 1)))


def _hills(view: View, table: Floats) -> Card:
    part = view.around(HILLS_Z, (-1e3, 1e3), 14.0)
    x, height = part.upright(HILLS_Z)
    rgb, under = paint.hills(table, x, height)
    inside = (under > 0) & (height > 0)
    return part.card("hills", "mountain", rgb, inside.astype(np.float32), _upright_z(view, HILLS_Z))


HOUSE_NEAR, HOUSE_FAR = np.array([-3.6, 2.0]), np.array([-2.3, 11.0])
"""(x, distance) of the two ends of the house's wall."""
HOUSE_LENGTH, HOUSE_HEIGHT = float(np.hypot(*(HOUSE_FAR - HOUSE_NEAR))), 3.25
HOUSE_ALONG = (HOUSE_FAR - HOUSE_NEAR) / HOUSE_LENGTH


def _house_x(distance: Floats) -> Floats:
    """Where the wall stands at each distance; far to the left of everything where it does not."""
    share = (distance - HOUSE_NEAR[1]) / (HOUSE_FAR[1] - HOUSE_NEAR[1])
    return np.where(share <= 1, HOUSE_NEAR[0] + share * (HOUSE_FAR[0] - HOUSE_NEAR[0]), -1e3).astype(np.float32)


def _house_z(view: View) -> Floats:
    """Depth of the wall's plane, whose normal points left; enormous where the ray never meets it."""
    normal = np.array([-HOUSE_ALONG[1], HOUSE_ALONG[0]])
    facing = normal[0] * view.across + normal[1] * view.forward
    return (normal @ HOUSE_NEAR / np.maximum(facing, 1e-4)).astype(np.float32)


def _house(view: View, table: Floats) -> Card:
    end = int(view.pixel(HOUSE_FAR[1], HOUSE_FAR[0], 0)[0] / view.samples) + 3
    right = min(max(end, 1), view.camera.width)
    part = View(view.camera, view.samples, (0, 0, right, view.camera.height))
    z = _house_z(part)
    along = (part.across * z - HOUSE_NEAR[0]) * HOUSE_ALONG[0] + (part.forward * z - HOUSE_NEAR[1]) * HOUSE_ALONG[1]
    height = EYE_HEIGHT - part.down * z
    inside = (along < HOUSE_LENGTH) & (height > 0) & (height < HOUSE_HEIGHT)
    rgb = paint.house(table, along.astype(np.float32), height, z / view.camera.focal)
    rgb = paint.mix(rgb, paint.colour("ecd2b8"), 0.28 * paint.smooth(2, 14, z))
    return part.card("house", "building", rgb, inside.astype(np.float32), _house_z(View(view.camera, 1)))


def _lantern(view: View) -> Card:
    at, x0 = 8.5, 0.5
    part = view.around(at, (x0 - 0.3, x0 + 0.3), 3.0)
    x, height = part.upright(at, x0)
    half = np.where(height < 0.5, 0.055, 0.02)
    half = np.where((height > 2.36) & (height < 2.72), 0.075 + 0.16 * (height - 2.36), half)
    half = np.where((height >= 2.72) & (height < 2.92), 0.62 * (2.95 - height), half)
    inside = (np.abs(x) < half) & (height > 0) & (height < 2.92)
    across = np.clip(x / half, -0.999, 0.999)
    normal = np.stack([across, np.zeros_like(x), -np.sqrt(1 - across * across)], axis=-1)
    iron = paint.shade(np.broadcast_to(paint.colour("2c3a3d"), normal.shape), normal, 0.35, 20)
    glass = paint.box(x, height - 2.54, 0.062, 0.14) * (np.abs(x) > 0.008)
    glow = paint.mix(paint.colour("ffdf9a"), paint.colour("fff6d8"), paint.smooth(0.2, 0.0, np.hypot(x, height - 2.5)))
    rgb, shadow = paint.mix(iron, glow, glass), _shadow(view, x0 - 0.12, at + 0.05, 0.3, 0.22, 0.42)
    return part.card("lantern", "object", rgb, inside.astype(np.float32), _upright_z(view, at), shadow)


def _ring(view: View, table: Floats) -> Card:
    at, x0, outer, inner = 5.8, 1.72, 0.72, 0.52
    part = view.around(at, (x0 - outer, x0 + outer), 2 * outer)
    x, height = part.upright(at, x0)
    y = np.float32(outer) - height
    radius = np.hypot(x, y)
    inside = (radius < outer) & (radius > inner)
    rgb, shadow = paint.ring(table, x, y, inner, outer), _shadow(view, x0 - 0.12, at + 0.03, 0.5, 0.24, 0.5)
    return part.card("ring", "object", rgb, inside.astype(np.float32), _upright_z(view, at), shadow)


def _ball(view: View) -> Card:
    """Out of focus by a little: its alpha is soft over about 3 pixels at 960 x 640."""
    at, x0, size = 3.9, 0.72, 0.33
    part = view.around(at, (x0 - size, x0 + size), 2 * size)
    x, height = part.upright(at, x0)
    x, y = x / size, (np.float32(size) - height) / size
    soft = 1.4 * at / (size * 800.0)
    inside = paint.smooth(1 + soft, 1 - soft, np.hypot(x, y))
    shadow = _shadow(view, x0 - 0.16, at + 0.02, 0.36, 0.24, 0.62)
    return part.card("ball", "object", paint.ball(x, y), inside, _upright_z(view, at), shadow)


PLUMES = ((-0.3, 1.2), (0.02, 1.36), (0.24, 1.26), (-0.12, 1.1), (0.38, 1.04))
"""How far each leans to the right and how high it reaches, in metres."""


def _vase(view: View, table: Floats, rng: np.random.Generator) -> Card:
    at, x0, size = 2.9, -0.62, 0.66
    part = view.around(at, (x0 - 0.65, x0 + 0.65), 1.5)
    x, height = part.upright(at, x0)
    body = (np.abs(x) < size * paint.vase_radius(height / size)) & (height > 0) & (height < size)
    rgb, alpha = paint.vase(table, x / size, height / size), body.astype(np.float32)
    metre, corner = view.camera.focal * view.samples / at, np.array([part.left, part.top]) * view.samples
    for lean, top in PLUMES:
        foot, tip = (view.pixel(at, x0 + dx, up) - corner for dx, up in ((lean * 0.12, size * 0.93), (lean, top)))
        hair = paint.plume(rng, *x.shape, foot, tip, metre) * (height > size * 0.9)
        tone = paint.colour("f1dcb4") * (0.74 + 0.3 * rng.random() + 0.12 * paint.smooth(0.7, 1.3, height))[..., None]
        rgb = paint.mix(rgb, np.clip(tone, 0, 1), np.maximum(hair, height > size * 1.03) * ~body)
        alpha = alpha + hair * (1 - alpha)
    shadow = _shadow(view, x0 - 0.12, at + 0.02, 0.27, 0.16, 0.6)
    return part.card("vase", "object", rgb, alpha, _upright_z(view, at), shadow)


def write_cards(cards: Cards, folder: Path) -> None:
    """Write photo, depth, shadow, background and masks under `folder`."""
    (folder / "masks").mkdir(parents=True, exist_ok=True)
    pictures: Iterable[tuple[str, Floats]] = (
        ("photo", cards.photo.rgb),
        ("background", cards.background),
        ("shadow", cards.shadow),
        *((f"masks/{card.name}", card.alpha) for card in cards.cards),
    )
    for name, picture in pictures:
        levels = to_levels(picture)
        cv2.imwrite(str(folder / f"{name}.png"), levels[..., ::-1] if levels.ndim == 3 else levels)
    cv2.imwrite(str(folder / "segments.png"), cards.front.astype(np.uint8))
    names = {str(index): card.name for index, card in enumerate(cards.cards)}
    (folder / "segments.json").write_text(json.dumps(names, indent=2) + "\n")
    tifffile.imwrite(folder / "depth.tiff", cards.z, compression="zlib", predictor=3, photometric="minisblack")


if __name__ == "__main__":
    write_cards(make_cards(), Path(__file__).parent / "cards")
