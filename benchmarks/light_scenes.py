"""Renders scenes with known light with Mitsuba: `python benchmarks/light_scenes.py OUT --set tune --count 20`.

Mitsuba runs its scalar variant, which is slow and needs nothing else; where the environment variable
DRJIT_LIBLLVM_PATH names an LLVM library of 16 or later (Debian: libllvm19), its vectorised one, five times as fast.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.light_layout import HEIGHT, TILE_METRES, WIDTH, Key, Layout, Thing, indoor, outdoor, sky_directions
from benchmarks.light_rays import choose, seen, shadows
from benchmarks.light_shapes import Mesh, Points, rotation
from benchmarks.light_truth import GROUND

from multiplane.pixels.linear import encoded

SUN_SAMPLES, SKY_SAMPLES, FACT_SAMPLES = 64, 100, 25
SUN_DISTANCE = 800.0
BRIGHT, WHITE = 0.7, 1.7
"""Exposure: what the brightest parts come to, and at most a white surface that faces the key."""
BOUNCES = 3
"""Mitsuba's depth: light that arrives directly, and once reflected."""
SETS = {"tune": 0, "report": 5000, "free_tune": 20000, "free_report": 25000}
"""The first seed of each set; `free` scenes have no cast shadow."""


def main() -> None:
    """Render the scenes of one set that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", choices=SETS, default="tune")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--samples", type=float, default=1.0, help="more than 1 is cleaner and slower")
    asked = parser.parse_args()
    renderer = Renderer(asked.samples)
    folder = asked.out / asked.set
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(asked.count):
        path = folder / f"{number:03d}.npz"
        if not path.exists():
            layout = laid_out(SETS[asked.set], number, asked.set.startswith("free"))
            values = (
                free_values(renderer, layout, number) if asked.set.startswith("free") else values_of(renderer, layout)
            )
            save(path, values)
            print(path, values["kind"], flush=True)


def laid_out(first_seed: int, number: int, free: bool) -> Layout:
    """The scene of this number: three outdoors for one indoors; tried until a shadow is seen well."""
    for attempt in range(60):
        seed = first_seed + number * 60 + attempt
        pasted = free and number % 2 == 1
        layout = indoor(seed, pasted) if number % 4 == 3 else outdoor(seed, pasted)
        if choose(layout, seed):
            return layout
    raise RuntimeError(f"no layout of 60 shows a shadow well, from seed {first_seed + number * 60}")


class Renderer:
    """Mitsuba, told about layouts: radiance of the key alone, of the ambient alone, and facts of surfaces."""

    def __init__(self, samples: float) -> None:
        """`samples` scales the samples a pixel."""
        import mitsuba

        mitsuba.set_variant("llvm_ad_rgb" if os.environ.get("DRJIT_LIBLLVM_PATH") else "scalar_rgb")
        self.mitsuba: Any = mitsuba
        self.samples = samples

    def sun(self, layout: Layout, things: list[Thing], key: Key) -> Points:
        """Radiance (H, W, 3) under the key alone, where a white surface that faces it shows 1."""
        wide = np.radians(key.softness)
        glow = 1.0 / np.sin(wide) ** 2
        light = {
            "type": "sphere",
            "center": [float(part) for part in key.towards * SUN_DISTANCE],
            "radius": float(SUN_DISTANCE * np.sin(wide)),
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": [glow] * 3}},
        }
        return self._radiance(layout, things, light, SUN_SAMPLES)

    def sky(self, layout: Layout, things: list[Thing]) -> Points:
        """Radiance (H, W, 3) under the sky alone."""
        transform = self.mitsuba.ScalarTransform4f().rotate([0, 0, 1], 180)
        bitmap = self.mitsuba.Bitmap(layout.sky.astype(np.float32))
        light = {"type": "envmap", "bitmap": bitmap, "to_world": transform}
        return self._radiance(layout, things, light, SKY_SAMPLES)

    def facts(self, layout: Layout, things: list[Thing]) -> tuple[Points, Points]:
        """Reflectance and world normals (H, W, 3), averaged over each pixel."""
        light = {"type": "constant"}
        integrator = {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal"}
        with tempfile.TemporaryDirectory() as folder:
            scene = self._scene(layout, things, light, integrator, Path(folder), FACT_SAMPLES)
            channels = np.array(self.mitsuba.render(scene, seed=1))
        return channels[..., -6:-3], channels[..., -3:]

    def _radiance(self, layout: Layout, things: list[Thing], light: dict[str, Any], samples: int) -> Points:
        with tempfile.TemporaryDirectory() as folder:
            integrator = {"type": "path", "max_depth": BOUNCES, "rr_depth": 100}
            scene = self._scene(layout, things, light, integrator, Path(folder), samples)
            return np.asarray(self.mitsuba.render(scene, seed=1), np.float64)[..., :3]

    def _scene(
        self,
        layout: Layout,
        things: list[Thing],
        light: dict[str, Any],
        integrator: dict[str, Any],
        folder: Path,
        samples: int,
    ) -> Any:
        turn = rotation(layout.pitch, 0).T
        eye = np.array([0.0, -layout.eye, 0.0])
        ahead, up = turn @ (0, 0, 1), turn @ (0, -1, 0)
        look = self.mitsuba.ScalarTransform4f().look_at(
            origin=list(eye), target=list(eye + ahead), up=[float(part) for part in up]
        )
        side = max(1, round((samples * self.samples) ** 0.5))
        sensor = {
            "type": "perspective",
            "fov": float(np.degrees(2 * np.arctan(WIDTH / (2 * layout.focal)))),
            "fov_axis": "x",
            "to_world": look,
            "film": {"type": "hdrfilm", "width": WIDTH, "height": HEIGHT, "rfilter": {"type": "box"}},
            "sampler": {"type": "multijitter", "sample_count": side * side},
        }
        parts = {"type": "scene", "integrator": integrator, "sensor": sensor, "light": light}
        for paint, tile in layout.paints.items():
            texture = {"type": "bitmap", "bitmap": self.mitsuba.Bitmap(tile.astype(np.float32)), "raw": True}
            parts[f"paint_{paint}"] = {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": texture}}
        meshes = [mesh for thing in things for mesh in thing.meshes]
        for index, mesh in enumerate(meshes):
            path = folder / f"{index}.ply"
            write_ply(path, mesh)
            parts[f"mesh_{index}"] = {
                "type": "ply",
                "filename": str(path),
                "face_normals": not mesh.smooth,
                "bsdf": {"type": "ref", "id": f"paint_{mesh.paint}"},
            }
        return self.mitsuba.load_dict(parts)


def write_ply(path: Path, mesh: Mesh) -> None:
    """The mesh as a binary PLY with texture coordinates; smooth ones get normals from the reader."""
    vertices = np.empty(len(mesh.points), [(name, "<f4") for name in ("x", "y", "z", "u", "v")])
    for column, name in enumerate("xyz"):
        vertices[name] = mesh.points[:, column]
    vertices["u"], vertices["v"] = (mesh.uv / TILE_METRES).T
    faces = np.empty(len(mesh.faces), [("count", "u1"), ("index", "<i4", 3)])
    faces["count"], faces["index"] = 3, mesh.faces
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(vertices)}",
        *(f"property float {name}" for name in ("x", "y", "z", "u", "v")),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    path.write_bytes("\n".join(lines).encode() + vertices.tobytes() + faces.tobytes())


def ambient_facing(sky: Points, towards: Points, reflected: Points) -> Points:
    """What a white surface that faces `towards` shows of the sky, and of ground below that reflects so much of it."""
    directions = sky_directions(*sky.shape[:2])
    weight = np.sin(np.pi * (np.arange(sky.shape[0]) + 0.5) / sky.shape[0])[:, None, None]
    weight = weight * 2 * np.pi**2 / (sky.shape[0] * sky.shape[1])
    above = directions[..., 1:2] < 0
    level = (sky * weight * above * -directions[..., 1:2]).sum(axis=(0, 1)) / np.pi
    arriving = np.where(above, sky, level * reflected)
    return np.asarray((arriving * weight * np.clip(directions @ towards, 0, None)[..., None]).sum(axis=(0, 1)) / np.pi)


class Exposure:
    """Scales the two lights of a layout so that the picture is well exposed, the same for all of its keys."""

    def __init__(self, layout: Layout, suns: list[Points], sky: Points, solid: Any) -> None:
        """From the renders of the first keys and of the sky, and where (H, W) things are seen."""
        ground = layout.paints["ground"].mean(axis=(0, 1))
        self.level = [ambient_facing(layout.sky, key.towards, ground) for key in layout.keys]
        self.layout = layout
        self.gain = 1.0
        brights = [np.percentile(self.lit(sun, sky, k).mean(axis=-1)[solid], 97) for k, sun in enumerate(suns)]
        whites = [np.sum(self.rgb(k)) / 3 for k in range(len(layout.keys))]
        self.gain = min(BRIGHT / float(0.5 * (brights[0] + max(brights))), WHITE / float(np.mean(whites)))

    def gains(self, index: int) -> tuple[Points, Points]:
        """What the key's and the sky's renders are multiplied by, per channel."""
        key = self.layout.keys[index]
        luminance = float(self.level[index].mean())
        return self.gain * key.rgb, self.gain * key.ambient / luminance

    def lit(self, sun: Points, sky: Points, index: int) -> Points:
        """The exposed linear picture under this key."""
        key, ambient = self.gains(index)
        return np.asarray(sun * key + sky * ambient)

    def rgb(self, index: int) -> tuple[Points, Points]:
        """What a white surface that faces the key shows of the key, and of the ambient."""
        key, ambient = self.gains(index)
        return key, ambient * self.level[index]


def to_bytes(linear: Points) -> Any:
    """Scene-linear colours as sRGB bytes."""
    return np.round(encoded(np.clip(linear, 0, 1).astype(np.float32)) * 255).astype(np.uint8)


def values_of(renderer: Renderer, layout: Layout) -> dict[str, Any]:
    """Everything of one scene, by the names in light_truth.py."""
    things, first = layout.things, layout.casters[0] - 1
    without = [thing for index, thing in enumerate(things) if index != first]
    after = [*things[:first], things[first].moved(*layout.move), *things[first + 1 :]]
    values, suns, sky, exposure = _common(renderer, layout, 3)
    mask = (values["ids"] == first + 1)[..., None]
    removed = exposure.lit(renderer.sun(layout, without, layout.keys[0]), renderer.sky(layout, without), 0)
    moved = exposure.lit(renderer.sun(layout, after, layout.keys[0]), renderer.sky(layout, after), 0)
    picture, *relit = (exposure.lit(sun, sky, k) for k, sun in enumerate(suns))
    order = [number - layout.surfaces - 1 for number in layout.casters]
    ids_after, _, _, _ = seen(layout, after)
    return {
        **values,
        "shadows": shadows(layout, things, layout.keys[0].towards)[order],
        "no_shadow": to_bytes(np.where(mask, picture, removed)),
        "removed": to_bytes(removed),
        "moved": to_bytes(moved),
        "move": layout.to_camera(np.array([layout.move[0], 0.0, layout.move[1]])),
        "moved_mask": ids_after == first + 1,
        "moved_shadow": shadows(layout, after, layout.keys[0].towards)[first - layout.surfaces],
        "relit": np.array([to_bytes(one) for one in relit]),
        "relit_towards": np.array([layout.to_camera(layout.keys[k].towards) for k in (1, 2)]),
        "relit_key_rgb": np.array([exposure.rgb(k)[0] for k in (1, 2)]),
        "relit_ambient_rgb": np.array([exposure.rgb(k)[1] for k in (1, 2)]),
    }


def _common(renderer: Renderer, layout: Layout, keys: int) -> tuple[dict[str, Any], list[Points], Points, Exposure]:
    """The photo and its facts, with the renders under the first keys and under the sky, and the exposure."""
    things = layout.things
    ids, z, _, _ = seen(layout, things)
    suns = [renderer.sun(layout, things, key) for key in layout.keys[:keys]]
    sky = renderer.sky(layout, things)
    exposure = Exposure(layout, suns, sky, ids > 0)
    albedo, normals = renderer.facts(layout, things)
    normals = layout.to_camera(normals)
    solid = (ids > 0)[..., None]
    rays = layout.to_camera(layout.rays())
    normals *= np.where(np.sum(normals * rays, axis=-1, keepdims=True) > 0, -1, 1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    key, ambient = exposure.gains(0)
    key_rgb, ambient_rgb = exposure.rgb(0)
    total = ambient_rgb + key_rgb
    weights = np.array([0.2126, 0.7152, 0.0722])
    values = {
        "kind": layout.kind,
        "photo": to_bytes(exposure.lit(suns[0], sky, 0)),
        "focal": layout.focal,
        "z": z,
        "ids": ids,
        "labels": np.array(["sky", *(thing.label for thing in things)]),
        "names": np.array(["Sky", *(thing.name for thing in things)]),
        "ground": GROUND,
        "casters": np.array(layout.casters),
        "albedo": np.where(solid, albedo, 0).astype(np.float16),
        "normals": np.where(solid, normals, 0).astype(np.float16),
        "sun": (suns[0] * key).astype(np.float16),
        "sky": (sky * ambient).astype(np.float16),
        "up": layout.to_camera(np.array([0.0, -1.0, 0.0])),
        "ground_point": layout.to_camera(np.array([0.0, layout.eye, 0.0])),
        "key_towards": layout.to_camera(layout.keys[0].towards),
        "key_rgb": key_rgb,
        "ambient_rgb": ambient_rgb,
        "ambient_share": float(ambient_rgb @ weights / (total @ weights)),
        "softness": layout.keys[0].softness,
    }
    return values, suns, sky, exposure


def free_values(renderer: Renderer, layout: Layout, number: int) -> dict[str, Any]:
    """A scene without a cast shadow: under the sky alone (even numbers), or sunlit things that throw none."""
    values, (sun,), sky, exposure = _common(renderer, layout, 1)
    bare = layout.things[: layout.surfaces]
    solid = values["ids"] > layout.surfaces
    lit_alone = values["sky"].astype(np.float64)
    empty = renderer.sky(layout, bare) * exposure.gains(0)[1]
    ratio = np.where(solid, 1.0, lit_alone.mean(-1) / np.maximum(empty.mean(-1), 1e-6))
    if number % 2:
        bare_sun = renderer.sun(layout, bare, layout.keys[0]) * exposure.gains(0)[0]
        linear = np.where(solid[..., None], exposure.lit(sun, sky, 0), bare_sun + empty)
        ratio = np.ones_like(ratio)
    else:
        linear = lit_alone * 0.72 / float(np.percentile(lit_alone.mean(-1)[values["ids"] > 0], 97))
    return {
        **values,
        "kind": "pasted" if number % 2 else "ambient",
        "photo": to_bytes(linear),
        "ratio": np.clip(ratio, 0, 2).astype(np.float16),
    }


def save(path: Path, values: dict[str, Any]) -> None:
    """The scene, and its pictures beside it to look at; the file appears when it is whole."""
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        np.savez_compressed(file, **values)
    pictures: dict[str, Any] = {key: values[key] for key in ("photo", "no_shadow", "removed", "moved") if key in values}
    for index, picture in enumerate(values.get("relit", ())):
        pictures[f"relit{index}"] = picture
    if "shadows" in values:
        pictures["shadows"] = np.repeat((values["shadows"].any(axis=0) * 255).astype(np.uint8)[..., None], 3, axis=2)
    for key, picture in pictures.items():
        cv2.imwrite(str(path.with_name(f"{path.stem}_{key}.png")), picture[..., ::-1])
    draft.rename(path)


if __name__ == "__main__":
    main()
