"""Small scenes for tests: exact peels of random or real pictures, with hostile names, sizes and depths."""

import numpy as np

from multiplane.arrays import Floats, Levels
from multiplane.pixels.levels import from_levels, to_levels, top_level
from multiplane.pixels.over import flatten, over, unblend
from multiplane.scene import BitDepth, Blend, Camera, Layer, Origin, Plane, Scene

PLANES: tuple[Plane, ...] = ("background", "midground", "foreground")

HOSTILE_NAMES = (
    'sky / mist: <far> "blue"?*|',
    "CON",
    "日本語のレイヤー",
    "Straße élan Ωμέγα",
    "e\u0301tude",
    "\u00e9tude",
    "../../etc/passwd",
    "tab\tnew\nline",
    " spaces and dots. . ",
    "👩‍🚀 astronaut",
    "long " + "n" * 300,
    "sky",
    "SKY",
)
"""Layer names that break careless writers: separators, reserved words, no Latin, two normal forms, length, case."""


def noise_scene(
    seed: int = 0,
    width: int = 23,
    height: int = 17,
    count: int = 4,
    bit_depth: BitDepth = 8,
    transparent: bool = False,
    shadow: bool = False,
    names: tuple[str, ...] | None = None,
) -> Scene:
    """A scene of random colours, alphas, crops and depths, where each front is an exact `unblend`.

    Layer k's crop shrinks to a single pixel now and then. With `shadow`, the second layer multiplies and is thrown by
    the third. `photo_of` gives the picture that the scene composites to.
    """
    random = np.random.default_rng(seed)
    top, kind = top_level(bit_depth), np.uint8 if bit_depth == 8 else np.uint16
    canvas: Levels = random.integers(0, top + 1, (height, width, 3)).astype(kind)
    opaque = np.dstack([canvas, np.full((height, width), top, kind)])
    layers = [_layer(0, count, (0, 0), opaque, random, names)]
    for index in range(1, count):
        x, y, w, h = _crop(random, width, height)
        window = canvas[y : y + h, x : x + w]
        alpha = random.choice(np.array([0, 0, 1, top // 2, top - 1, top, top], kind), (h, w))
        wanted = random.integers(0, top + 1, (h, w, 3)).astype(kind)
        blend: Blend = "multiply" if shadow and index == 1 else "normal"
        if blend == "multiply":
            front = np.dstack([wanted, alpha])
        else:
            goal = np.where(alpha[..., None] > 0, random.integers(0, top + 1, (h, w, 3)), window).astype(kind)
            front = unblend(goal, window, alpha, wanted)
        canvas[y : y + h, x : x + w] = over(front, window, blend)
        caster = f"layer-{index + 1}" if blend == "multiply" and index + 1 < count else None
        layers.append(_layer(index, count, (x, y), front, random, names, blend, caster))
    hole = random.integers(0, top + 1, (height, width)).astype(kind)
    return Scene(
        camera=Camera.from_focal_35mm(width, height),
        layers=tuple(layers),
        bit_depth=bit_depth,
        alpha=from_levels(hole) if transparent else None,
        dpi=300.0 if transparent else None,
        origin=Origin(photo="noise", depth="random", segment="random", seed=seed, version="test"),
    )


def hostile_scene(bit_depth: BitDepth = 8) -> Scene:
    """One layer for each of HOSTILE_NAMES."""
    return noise_scene(seed=5, width=31, height=19, count=len(HOSTILE_NAMES), bit_depth=bit_depth, names=HOSTILE_NAMES)


def picture_scene(rgb: Levels, count: int = 6, seed: int = 0) -> Scene:
    """A real picture (H, W, 3) peeled into soft-edged discs over a blurred fill: for sizes, times and looks."""
    import cv2

    height, width = rgb.shape[:2]
    random, bit_depth = np.random.default_rng(seed), 8 if rgb.dtype == np.uint8 else 16
    fill = cv2.GaussianBlur(rgb, (0, 0), max(2.0, width / 40))
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    behind, peeled = rgb, []
    for index in range(count - 1, 0, -1):  # from near to far: each peel leaves a filled picture behind
        centre = random.uniform(0.2, 0.8, 2) * (height, width)
        radius = 0.12 * min(height, width) * random.uniform(0.8, 2.2)
        alpha = np.clip((radius - np.hypot(rows - centre[0], columns - centre[1])) / 6 + 0.5, 0, 1).astype(np.float32)
        target, behind = behind, np.where(alpha[..., None] > 0, fill, behind)
        ys, xs = np.nonzero(alpha)
        box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        front = unblend(target[box], behind[box], to_levels(alpha[box], bit_depth), target[box])
        z = (2 + 2 * (count - 1 - index) + rows[box] / height).astype(np.float32)
        corner, invented = (int(xs.min()), int(ys.min())), np.zeros(z.shape, bool)
        peeled.append((f"{index * 10:03d} disc {index}", corner, from_levels(front), z, invented))
    opaque = np.dstack([behind, np.full((height, width), top_level(bit_depth), rgb.dtype)])
    peeled.append(
        (
            "000 backdrop",
            (0, 0),
            from_levels(opaque),
            np.full((height, width), 20, np.float32),
            np.any(behind != rgb, -1),
        )
    )
    layers = [
        Layer(f"layer-{k}", name, "sky" if k == 0 else "object", PLANES[k * 3 // count], corner, rgba, z, filled)
        for k, (name, corner, rgba, z, filled) in enumerate(reversed(peeled))
    ]
    return Scene(Camera.from_focal_35mm(width, height), tuple(layers), bit_depth)


def photo_of(scene: Scene) -> Levels:
    """The picture (H, W, 3) that the scene composites to, as levels of its bit depth."""
    return flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)


def assert_same_scene(got: Scene, want: Scene) -> None:
    """Everything in two scenes is equal to the bit, arrays and facts."""
    assert (got.camera, got.bit_depth, got.dpi, got.icc_profile, got.origin, got.key_light) == (
        want.camera, want.bit_depth, want.dpi, want.icc_profile, want.origin, want.key_light,
    )  # fmt: skip
    assert _same_array(got.alpha, want.alpha)
    assert len(got.layers) == len(want.layers)
    for mine, theirs in zip(got.layers, want.layers, strict=True):
        for fact in ("id", "name", "label", "plane", "corner", "caster", "blend"):
            assert getattr(mine, fact) == getattr(theirs, fact), fact
        for array in ("rgba", "z", "filled"):
            assert _same_array(getattr(mine, array), getattr(theirs, array)), f"{mine.id}: {array}"


def _same_array(got: Floats | None, want: Floats | None) -> bool:
    if got is None or want is None:
        return got is want
    return got.dtype == want.dtype and np.array_equal(got, want)


def _crop(random: np.random.Generator, width: int, height: int) -> tuple[int, int, int, int]:
    if random.random() < 0.2:
        return int(random.integers(width)), int(random.integers(height)), 1, 1
    x, y = int(random.integers(width)), int(random.integers(height))
    return x, y, int(random.integers(1, width - x + 1)), int(random.integers(1, height - y + 1))


def _layer(
    index: int,
    count: int,
    corner: tuple[int, int],
    front: Levels,
    random: np.random.Generator,
    names: tuple[str, ...] | None,
    blend: Blend = "normal",
    caster: str | None = None,
) -> Layer:
    size = front.shape[:2]
    return Layer(
        id=f"layer-{index}",
        name=names[index] if names else f"{index * 10:03d} thing {index}",
        label="sky" if index == 0 else "object",
        plane=PLANES[index * 3 // count],
        corner=corner,
        rgba=from_levels(front),
        z=(random.random(size, np.float32) + np.float32(1 + count - index)),
        filled=random.random(size) < 0.3,
        caster=caster,
        blend=blend,
    )
