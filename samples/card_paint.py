"""The paints of the synthetic still: noise, textures and shaded shapes, as functions of positions in metres.

Every paint takes float32 arrays of positions and gives colours (..., 3) in [0, 1], sRGB-encoded; every shape gives
an inside-ness (...) in [0, 1]. `blur` arguments are the size of a pixel's footprint in metres: detail finer than
that fades into its mean, so that nothing flickers near the horizon.
"""

import cv2
import numpy as np

from multiplane.arrays import Floats

SUN = np.array([0.56, -0.62, -0.55], np.float32) / np.float32(np.sqrt(0.56**2 + 0.62**2 + 0.55**2))
"""Direction to the sun: right, above, behind the camera (x right, y down, z forward)."""
TABLE_SIZE = 256


def colour(code: str) -> Floats:
    """The colour of a hex code such as "d9a173"."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / np.float32(255)


def mix(one: Floats, other: Floats, share: Floats) -> Floats:
    """`one` where `share` is 0, `other` where it is 1."""
    return one + (other - one) * share[..., None]


def smooth(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, and a smooth step between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise_table(seed: int) -> Floats:
    """Random values (TABLE_SIZE, TABLE_SIZE) in [-1, 1] for `noise` to interpolate."""
    return np.random.default_rng(seed).uniform(-1, 1, (TABLE_SIZE, TABLE_SIZE)).astype(np.float32)


def noise(table: Floats, x: Floats, y: Floats, octaves: int = 5) -> Floats:
    """Fractal value noise at positions x, y, about 1 in 3 beyond +-0.3; a lattice cell is one unit wide."""
    total, weight = np.zeros(x.shape, np.float32), np.float32(0.5)
    for octave in range(octaves):
        scale = np.float32(2.03**octave)
        u, v = (_eased(np.mod(p * scale + np.float32(17.3 * octave), TABLE_SIZE)) for p in (x, y))
        total += weight * cv2.remap(table, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        weight *= np.float32(0.5)
    return total


def _eased(position: Floats) -> Floats:
    """The position with its fraction smoothed, which turns linear interpolation into a smooth one."""
    cell = np.floor(position)
    t = position - cell
    return (cell + t * t * (3 - 2 * t)).astype(np.float32, copy=False)


def lines(position: Floats, period: float, width: float, blur: Floats) -> Floats:
    """1 on the joints of a grid of `period`, `width` wide; footprints wider than that see the mean."""
    from_joint = np.abs(np.mod(position + period / 2, period) - period / 2)
    sharp = 1 - np.clip((from_joint - width / 2) / np.maximum(blur, 0.15 * width) + 0.5, 0, 1)
    return sharp + (width / period - sharp) * smooth(0.15 * period, 0.6 * period, blur)


def sky(table: Floats, across: Floats, up: Floats) -> Floats:
    """Evening sky; `across` and `up` are the tangents of the angles from straight ahead and above the horizon."""
    height = np.clip(up, 0, 0.6)
    out = mix(colour("fbdcb4"), colour("e9c9b9"), smooth(0.0, 0.07, height))
    out = mix(out, colour("a9bdd0"), smooth(0.04, 0.2, height))
    out = mix(out, colour("5f8fb9"), smooth(0.12, 0.5, height))
    reach = 0.32 / (height + 0.11)  # clouds lie in a layer, so they crowd towards the horizon
    cloud = smooth(0.02, 0.42, noise(table, across * reach * 2.2 + 3, reach * 2.6, 6) + 0.04)
    lit = mix(colour("f6d9bd"), colour("fff4e2"), smooth(-0.1, 0.3, noise(table, across * 9, up * 16, 4)))
    return mix(out, lit, cloud * smooth(0.015, 0.1, height) * 0.85)


def hills(table: Floats, x: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Wooded hills on a card: colours, and how far each position lies under the ridge in metres."""
    flat = np.zeros_like(x)
    ridge = 5.4 + 4.4 * noise(table, x * 0.045 + 40, flat, 3) + 0.7 * noise(table, x * 0.5, flat + 9, 4)
    near = 2.7 + 2.6 * noise(table, x * 0.06 + 90, flat + 5, 3) + 0.9 * noise(table, x * 0.9, flat + 3, 4)
    wood = noise(table, x * 1.1, height * 1.6, 5)
    far = mix(colour("8796ae"), colour("98a3b5"), smooth(-0.4, 0.4, wood))
    fields = mix(colour("5d7a72"), colour("86936f"), smooth(-0.35, 0.4, wood))
    out = mix(far, fields, smooth(-0.12, 0.12, near - height))
    haze = 0.55 * (1 - smooth(0, 3.2, height))
    return mix(out, colour("ecd2b8"), haze), ridge - height


def paving(table: Floats, x: Floats, z: Floats, blur: Floats) -> Floats:
    """Sandstone slabs on the ground, laid askew to the view; x right and z forward in metres."""
    a, b = 0.94 * x + 0.34 * z, -0.34 * x + 0.94 * z
    row = np.floor(b / 0.7)
    a = a + 0.31 * row
    slab = noise(table, np.floor(a / 0.95) * 7.3, row * 3.7, 2)
    fine = 1 - smooth(0.05, 0.4, blur)
    grain = noise(table, x * 6, z * 6, 5) * fine
    stain = noise(table, x * 0.7 + 20, z * 0.7, 4)
    stone = mix(colour("c9a88a"), colour("e3c7a3"), smooth(-0.45, 0.45, slab * (0.3 + 0.7 * fine) + 0.3 * stain))
    stone = stone * (1 + 0.16 * grain + 0.08 * stain)[..., None]
    edge = np.maximum(lines(a, 0.95, 0.1, blur + 0.05), lines(b, 0.7, 0.1, blur + 0.05))
    joint = np.maximum(lines(a, 0.95, 0.022, blur), lines(b, 0.7, 0.022, blur))
    stone = stone * (1 - 0.1 * edge)[..., None]
    return np.clip(mix(stone, colour("8c735e"), joint * 0.85), 0, 1)


def house(table: Floats, along: Floats, height: Floats, blur: Floats) -> Floats:
    """A plastered wall with a brick socle, shuttered windows and eaves; `along` the wall and `height` in metres."""
    stain = noise(table, along * 0.8, height * 0.5, 5)
    streak = noise(table, along * 5, height * 0.35 + 11, 4)
    plaster = mix(colour("d99c70"), colour("efc193"), smooth(-0.4, 0.4, stain))
    plaster = plaster * (1 + 0.1 * noise(table, along * 22, height * 22, 3) + 0.1 * streak)[..., None]
    course = np.floor(height / 0.085)
    run = along + 0.13 * np.mod(course, 2)
    brick = noise(table, np.floor(run / 0.26) * 5.1, course * 9.7, 1)
    bricks = mix(colour("8f4a35"), colour("b8694a"), smooth(-0.5, 0.5, brick))
    joints = np.maximum(lines(run, 0.26, 0.014, blur), lines(height, 0.085, 0.014, blur))
    bricks = mix(bricks, colour("c7aa90"), joints * 0.8)
    torn = 0.62 + 0.16 * noise(table, along * 1.7, np.zeros_like(along) + 31, 4)
    out = mix(plaster, bricks, smooth(-0.012, 0.012, torn - height))
    out = out * (1 - 0.22 * smooth(0.05, 0, np.abs(height - torn - 0.02)))[..., None]
    for centre in (3.75, 5.9, 8.05):
        out = _window(table, out, along - centre, height - 1.85)
    eaves = smooth(2.98, 3.02, height)
    out = mix(out, colour("5b3d31") * (1 + 0.25 * streak)[..., None], eaves)
    out = out * (1 - 0.4 * smooth(2.72, 3.0, height) * (1 - eaves))[..., None]
    return np.clip(out * (1 - 0.3 * smooth(0.25, 0.0, height))[..., None], 0, 1)


def _window(table: Floats, wall: Floats, x: Floats, y: Floats) -> Floats:
    """A window with two open shutters, centred at (0, 0)."""
    frame = box(x, y, 0.36, 0.56)
    glass = np.maximum(box(x - 0.16, y, 0.125, 0.49), box(x + 0.16, y, 0.125, 0.49))
    shutter = np.maximum(box(x - 0.62, y, 0.22, 0.58), box(x + 0.62, y, 0.22, 0.58))
    slats = 0.82 + 0.22 * np.mod(y / 0.075, 1.0)
    teal = colour("2f7478") * (slats * (1 + 0.15 * noise(table, x * 9, y * 9, 3)))[..., None]
    pane = mix(colour("32434f"), colour("a9b9c0"), smooth(-0.5, 0.6, y * -1.0 + 0.5 * x))
    out = wall * (1 - 0.35 * box(x + 0.05, y + 0.06, 0.88, 0.62, 0.06))[..., None]
    out = mix(out, teal, shutter)
    out = mix(out, np.broadcast_to(colour("efe3cf"), wall.shape), frame)
    out = mix(out, pane, glass)
    return mix(out, np.broadcast_to(colour("d8c2a2"), wall.shape), box(x, y + 0.62, 0.45, 0.045))


def box(x: Floats, y: Floats, half_width: float, half_height: float, edge: float = 0.006) -> Floats:
    """Inside-ness of a box centred at (0, 0), over an edge of the given softness."""
    return smooth(-edge, edge, np.minimum(half_width - np.abs(x), half_height - np.abs(y)))


def shade(base: Floats, normal: Floats, gloss: float, sharpness: float) -> Floats:
    """Sun, sky and bounce light on `base` with unit `normal` (..., 3), and the sun's glint seen from the front."""
    sun = np.clip(normal @ SUN, 0, 1)
    lit = 0.34 + 0.1 * (0.5 - 0.5 * normal[..., 1]) + 0.72 * sun
    warm = np.stack([lit, lit * 0.97, lit * 0.93 + 0.035], axis=-1)
    half = SUN + np.array([0, 0, -1], np.float32)
    glint = gloss * np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** sharpness
    return np.clip(base * warm + glint[..., None], 0, 1)


def ball(x: Floats, y: Floats) -> Floats:
    """A painted wooden ball in the unit disc: six segments in two colours, and a cap."""
    r2 = np.clip(x * x + y * y, 0, 0.998)
    normal = np.stack([x, y, -np.sqrt(1 - r2)], axis=-1) / np.maximum(1, np.sqrt(x * x + y * y))[..., None]
    tilt = np.array([[0.86, -0.42, 0.28], [0.5, 0.8, -0.33], [-0.09, 0.43, 0.9]], np.float32)
    turned = normal.astype(np.float32) @ tilt
    angle = np.arctan2(turned[..., 2], turned[..., 0]) * 3 / np.pi
    segment = smooth(-0.05, 0.05, np.abs(np.mod(angle, 2) - 1) - 0.5)
    base = mix(np.broadcast_to(colour("d6412f"), normal.shape), colour("f6ead2"), segment)
    base = mix(base, colour("1f5d73"), smooth(0.87, 0.89, np.abs(turned[..., 1])))
    return shade(base, normal, 0.5, 45)


VASE_HEIGHTS = np.array([0.0, 0.03, 0.15, 0.35, 0.55, 0.72, 0.83, 0.92, 1.0])
VASE_RADII = np.array([0.15, 0.17, 0.235, 0.3, 0.285, 0.19, 0.115, 0.105, 0.145])


def vase_radius(height: Floats) -> Floats:
    """Radius at `height` in [0, 1] of a vase one metre tall, smoothly through its profile."""
    grid = np.linspace(0, 1, 257)
    profile = cv2.GaussianBlur(
        np.interp(grid, VASE_HEIGHTS, VASE_RADII)[None], (0, 0), 7, borderType=cv2.BORDER_REPLICATE
    )
    return np.interp(height, grid, profile[0]).astype(np.float32)


def vase(table: Floats, x: Floats, height: Floats) -> Floats:
    """A glazed vase one metre tall standing on height 0, banded in indigo."""
    radius = vase_radius(height)
    slope = (vase_radius(height + 0.01) - vase_radius(height - 0.01)) / 0.02
    across = np.clip(x / radius, -0.999, 0.999)
    normal = np.stack([across, slope, -np.sqrt(1 - across * across)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    turn = np.arcsin(across)
    glaze = mix(colour("dfe6da"), colour("b9cfc6"), smooth(-0.4, 0.5, noise(table, turn * 3, height * 5, 5)))
    wave = 0.43 + 0.035 * np.sin(turn * 9)
    bands = [(wave, 0.03), (0.56, 0.006), (0.3, 0.006), (0.9, 0.016), (0.06, 0.02)]
    ink = np.max([smooth(0.006, -0.006, np.abs(height - centre) - half) for centre, half in bands], axis=0)
    return shade(
        mix(glaze, colour("27406f"), ink * (0.85 + 0.3 * noise(table, turn * 6, height * 30, 2))), normal, 0.75, 90
    )


def ring(table: Floats, x: Floats, y: Floats, inner: float, outer: float) -> Floats:
    """A turned wooden ring around (0, 0), round in section."""
    radius = np.sqrt(x * x + y * y)
    across = np.clip((radius - (inner + outer) / 2) / ((outer - inner) / 2), -0.999, 0.999)
    out = np.stack([x, y], axis=-1) / np.maximum(radius, 1e-6)[..., None]
    normal = np.concatenate([out * across[..., None], -np.sqrt(1 - across * across)[..., None]], axis=-1)
    grain = noise(table, radius * 40 + 0.6 * noise(table, x * 3, y * 3, 2), np.abs(np.arctan2(x, y)) * 2, 4)
    return shade(mix(colour("7a4526"), colour("b97b45"), smooth(-0.4, 0.4, grain)), normal, 0.3, 30)


def plume(rng: np.random.Generator, height: int, width: int, foot: Floats, tip: Floats, metre: float) -> Floats:
    """A feathery grass head (height, width) in [0, 1] from `foot` to `tip` in pixels, drawn hair by hair."""
    canvas = np.zeros((height, width), np.float32)
    bend = np.array([tip[0] * 0.35 + foot[0] * 0.65, (foot[1] + tip[1]) / 2])
    steps = np.linspace(0, 1, 400)[:, None]
    stem = (1 - steps) ** 2 * foot + 2 * steps * (1 - steps) * bend + steps**2 * tip
    _stroke(canvas, stem, max(1, round(0.007 * metre)), 1.0)
    for _ in range(760):
        at = 0.42 + 0.58 * rng.random() ** 0.8
        root, lean = stem[int(at * 399)], stem[min(399, int(at * 399) + 4)] - stem[int(at * 399) - 4]
        lean = lean / max(float(np.hypot(*lean)), 1e-6)
        side = np.array([-lean[1], lean[0]]) * rng.choice([-1, 1])
        size = metre * (0.05 + 0.1 * np.sin(np.pi * min(1.0, (at - 0.36) / 0.66)) ** 0.7) * rng.uniform(0.5, 1.0)
        t = np.linspace(0, 1, 12)[:, None]
        hair = root + size * (t * lean * rng.uniform(0.7, 1.3) + side * np.sin(t * 1.8) * rng.uniform(0.1, 0.65))
        _stroke(canvas, hair + np.array([0, 0.03 * metre]) * t**2, 1, rng.uniform(0.3, 0.75))
    return canvas


def _stroke(canvas: Floats, points: Floats, thickness: int, strength: float) -> None:
    """Blend an anti-aliased line through `points` (N, 2) into `canvas`, in place."""
    low = np.floor(points.min(axis=0)).astype(int) - thickness - 2
    high = np.ceil(points.max(axis=0)).astype(int) + thickness + 3
    x0, y0 = np.maximum(low, 0)
    x1, y1 = np.minimum(high, canvas.shape[::-1])
    if x0 >= x1 or y0 >= y1:
        return
    drawn = np.zeros((y1 - y0, x1 - x0), np.uint8)
    path = np.round((points - (x0, y0)) * 16).astype(np.int32)
    cv2.polylines(drawn, [path], False, 255, thickness, cv2.LINE_AA, shift=4)
    window = canvas[y0:y1, x0:x1]
    window += (1 - window) * drawn * np.float32(strength / 255)
