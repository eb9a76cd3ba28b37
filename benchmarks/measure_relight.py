"""Does new light look as it would? Relit pictures, normals, albedo and the key light, against rendered scenes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from benchmarks.light_cases import Case
from benchmarks.light_scores import Score, albedo_error, angle, angles, picture_of, psnr
from benchmarks.light_truth import SKY, LightTruth

from multiplane.arrays import Floats, Mask
from multiplane.light.irradiance import FROM_ABOVE
from multiplane.light.lights import Ambient, Light, Original, Sun, of_luminance_1
from multiplane.light.preview import prepare_preview
from multiplane.light.relight import Lit, prepare_light, relit
from multiplane.pixels.linear import linear
from multiplane.scene import LUMINANCE, Camera, KeyLight, Scene

PREVIEW, FRAMES = (1920, 1080), 20
GUESS = (0.0, -(0.5**0.5), -(0.5**0.5))
SHOWN = 0.5
"""Opacity from which a layer is what is seen."""


def told_key(truth: LightTruth) -> KeyLight:
    """The true key light, as the noun says it."""
    colour = of_luminance_1(truth.key_rgb.astype(np.float64) / np.maximum(truth.ambient_rgb, 1e-6))
    towards = truth.key_towards.astype(np.float64) / float(np.linalg.norm(truth.key_towards))
    return KeyLight((float(towards[0]), float(towards[1]), float(towards[2])), colour, truth.ambient_share)


def told_lights(truth: LightTruth, index: int) -> list[Light]:
    """The lights of relit picture `index`, in the units of lights.py: relative to the photo's, white as it is there."""
    photo = truth.key_rgb + truth.ambient_rgb
    key = (truth.relit_key_rgb[index] / photo).astype(np.float64)
    ambient = (truth.relit_ambient_rgb[index] / photo).astype(np.float64)
    x, y, z = (float(part) for part in truth.relit_towards[index])
    facing = 1 - FROM_ABOVE + FROM_ABOVE * float(truth.relit_towards[index] @ truth.up)
    sun = Sun.from_towards((x, y, z), float(np.dot(LUMINANCE, key)), of_luminance_1(key), truth.softness)
    return [sun, Ambient(float(np.dot(LUMINANCE, ambient)) / max(facing, 0.1), of_luminance_1(ambient))]


def relit_psnrs(case: Case, lit: Lit) -> Iterator[tuple[float, float]]:
    """For every other light: PSNR of the relit picture, and of the photo as it is."""
    truth = case.truth
    everywhere = np.ones(truth.z.shape, bool)
    for index, wanted in enumerate(truth.relit):
        ours = picture_of(relit(lit, told_lights(truth, index)))
        yield psnr(ours, wanted, everywhere), psnr(truth.photo, wanted, everywhere)


def seen_of(lit: Lit, fields: Sequence[Floats]) -> tuple[Floats, Mask]:
    """What is seen of fields (h, w, 3) on the sheets, on the canvas (rows, columns, 3); and where the sky is not."""
    grid = lit.setting.grid
    out, solid = np.zeros((grid.rows, grid.columns, 3), np.float32), np.zeros((grid.rows, grid.columns), bool)
    for sheet, values in zip(lit.setting.sheets, fields, strict=True):
        where = sheet.alpha >= SHOWN
        out[sheet.box][where] = values[where]
        solid[sheet.box][where] = sheet.layer.label != "sky"
    return out, solid


def found_albedo(lit: Lit) -> Floats:
    """The reflectance (H, W, 3), up to scale, that the light on each sheet leaves."""
    ratios = [sheet.light / own for sheet, own in zip(lit.setting.sheets, lit.own, strict=True)]
    return seen_of(lit, ratios)[0]


def relight_scores(cases: Sequence[Case]) -> Iterator[Score]:
    """The rows of relighting for one method."""
    method = cases[0].method
    told, guessed, normal_errors, medians, albedos, photos = [], [], [], [], [], []
    same = []
    for case in cases:
        truth = case.truth
        known = prepare_light(replace(case.shadowed, key_light=told_key(truth)))
        told += list(relit_psnrs(case, known))
        lit = prepare_light(replace(case.shadowed, key_light=case.key))
        guessed += list(relit_psnrs(case, lit))
        normals, solid = seen_of(lit, lit.setting.normals)
        where = np.asarray(solid & (truth.ids != SKY))
        errors = angles(normals, truth.normals, where)
        normal_errors.append(float(errors.mean()))
        medians.append(float(np.median(errors)))
        albedos.append(albedo_error(found_albedo(lit), truth.albedo, where))
        photos.append(albedo_error(linear(truth.as_photo().rgb), truth.albedo, where))
        same.append(bool((picture_of(relit(lit, [Original()])) == picture_of(case.shadowed)).all()))
    for name, pairs in (("relit", guessed), ("relit, own light told", told)):
        ours, photo = np.mean(pairs, axis=0)
        yield Score(f"{name}: PSNR", method, float(ours), "dB", len(pairs))
        yield Score("  the photo left: PSNR", method, float(photo), "dB", len(pairs))
        yield Score(f"  {name}: gain", method, float(ours - photo), "dB", len(pairs), 3.0)
    yield Score("identity relight, exact", method, float(np.mean(same)), "of 1", len(same), 1.0)
    yield Score("normal error, mean", method, float(np.mean(normal_errors)), "degrees", len(cases))
    yield Score("normal error, median", method, float(np.mean(medians)), "degrees", len(cases))
    yield Score("albedo error, relative", method, float(np.mean(albedos)), "", len(cases))
    yield Score("  of the photo as albedo", method, float(np.mean(photos)), "", len(cases))


def key_errors(cases: Sequence[Case]) -> tuple[list[float], list[float]]:
    """Degrees between the true key light of every scene and the estimated one; and one from above and behind."""
    found = [angle(np.array(case.key.towards, np.float32), case.truth.key_towards) for case in cases]
    return found, [angle(np.array(GUESS, np.float32), case.truth.key_towards) for case in cases]


def key_scores(cases: Sequence[Case]) -> Iterator[Score]:
    """The rows of the key light for one method."""
    method = cases[0].method
    for kind, bar in (("outdoor", 25.0), ("indoor", None)):
        of_kind = [case for case in cases if case.truth.kind == kind]
        if of_kind:
            found, guess = (float(np.median(errors)) for errors in key_errors(of_kind))
            yield Score(f"key light error, {kind}, median", method, found, "degrees", len(of_kind), bar, "less")
            yield Score("  of one from above, behind the viewer", method, guess, "degrees", len(of_kind))


def preview_scores(cases: Sequence[Case]) -> Iterator[Score]:
    """Frames a second of the preview at 1920 x 1080, of a picture enlarged to that, under a sun that goes around."""
    scene = enlarged(cases[0].shadowed, cases[0].key)
    preview = prepare_preview(scene, *PREVIEW)
    preview.frame(turning_sun(0))
    began = time.perf_counter()
    for number in range(FRAMES):
        preview.frame(turning_sun(number))
    rate = FRAMES / (time.perf_counter() - began)
    yield Score(f"preview at {PREVIEW[0]} x {PREVIEW[1]}", cases[0].method, rate, "/s", FRAMES, 10.0)


def turning_sun(number: int) -> list[Light]:
    """The light of one frame."""
    return [Sun(azimuth=number * 360 / FRAMES, elevation=35.0, intensity=0.7), Ambient(0.3)]


def enlarged(scene: Scene, key: KeyLight) -> Scene:
    """A scene as large as the preview, cut to its aspect at the bottom."""
    width, height = PREVIEW
    camera = Camera(width, height, scene.camera.focal * width / scene.camera.width)
    layers = []
    for layer in scene.layers:
        x, y = layer.corner
        canvas = np.zeros((scene.camera.height, scene.camera.width, 4), np.float32)
        z = np.full(canvas.shape[:2], layer.depth, np.float32)
        part = slice(y, y + layer.height), slice(x, x + layer.width)
        canvas[part], z[part] = layer.rgba, layer.z
        kept = round(scene.camera.width * height / width)
        rgba = cv2.resize(canvas[:kept], PREVIEW, interpolation=cv2.INTER_LINEAR)
        far = cv2.resize(z[:kept], PREVIEW, interpolation=cv2.INTER_NEAREST)
        clipped = np.clip(rgba, 0, 1).astype(np.float32)
        layers.append(
            replace(layer, corner=(0, 0), rgba=clipped, z=np.asarray(far), filled=np.zeros((height, width), np.bool_))
        )
    return Scene(camera, tuple(layers), key_light=key)
