"""USDZ: the package is as the specification asks, and every card, seen through the camera, lies on its own pixels."""

import io
import json
import logging
import re
import struct
import zipfile
from itertools import pairwise

import imagecodecs
import numpy as np
import pytest

from extreme_scene import extreme_scene
from multiplane.formats.gltf.textures import layer_pixels
from multiplane.formats.usdz import ALIGNMENT, STAGE, encode_usdz
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import SOLVER

PICTURE = picture_scene(np.kron(np.arange(180, dtype=np.uint8).reshape(6, 10, 3), np.ones((8, 8, 1), np.uint8)))
SCENES = {
    "noise": noise_scene(1, count=5, transparent=True),
    "hostile": hostile_scene(),
    "picture": PICTURE,
    "extreme": extreme_scene(),
}
NUMBER = r"(-?[\d.]+(?:e[-+]?\d+)?)"


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def numbers(text, pattern):
    """All numbers of all matches of what follows `pattern` on its line, row by row."""
    return [[float(each) for each in re.findall(NUMBER, line)] for line in re.findall(pattern + r"(.*)", text)]


def cards(data):
    """For every card: its texture's name, its four corners in space, and its texture's s and t there."""
    text = opened(data).read(STAGE).decode()
    found = []
    for part in text.split("xformOp:translate = ")[1:]:
        place = np.array([float(each) for each in re.findall(NUMBER, part.split("\n")[0])])
        points = [np.reshape(row[1:], (4, 3)) + place for row in numbers(part, r"point(?=3f\[\] points)")]
        st = [np.reshape(row[1:], (4, 2)) for row in numbers(part, r"texCoord(?=2f\[\] primvars)")]
        found.append(list(zip(re.findall("inputs:file = @(.*)@", part), points, st, strict=True)))
    return text, found


def seen(text, points):
    """Pixel positions by USD's own camera model: aperture and focal length, looking along -Z, y up."""
    width, height, focal = (
        numbers(text, name)[0][0] for name in ("horizontalAperture = ", "verticalAperture = ", "focalLength = ")
    )
    x = 0.5 + points[:, 0] / -points[:, 2] * focal / width
    y = 0.5 - points[:, 1] / -points[:, 2] * focal / height
    return np.stack([x, y], axis=-1)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
class TestThePackage:
    def test_is_stored_and_aligned_with_the_stage_first(self, scene):
        data = encode_usdz(scene)
        with opened(data) as archive:
            entries = archive.infolist()
            assert entries[0].filename == STAGE
            assert archive.testzip() is None
        for entry in entries:
            assert entry.compress_type == zipfile.ZIP_STORED
            name, extra = struct.unpack("<HH", data[entry.header_offset + 26 : entry.header_offset + 30])
            assert (entry.header_offset + 30 + name + extra) % ALIGNMENT == 0
            assert entry.flag_bits & 1 == 0  # not encrypted
            assert entry.filename.isascii()

    def test_every_texture_is_named_once_and_there(self, scene):
        data = encode_usdz(scene)
        text, _ = cards(data)
        assert [STAGE, *re.findall("inputs:file = @(.*)@", text)] == opened(data).namelist()

    def test_the_same_scene_gives_the_same_bytes(self, scene):
        assert encode_usdz(scene) == encode_usdz(scene)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
class TestCards:
    def test_lie_on_their_own_pixels_through_the_camera(self, scene):
        text, found = cards(encode_usdz(scene))
        size = np.array([scene.camera.width, scene.camera.height])
        for layer, tiles in zip(scene.layers, found, strict=True):
            pixels = np.concatenate([seen(text, points) for _, points, _ in tiles]) * size
            corner = np.array(layer.corner)
            np.testing.assert_allclose(pixels.min(0), corner, atol=1e-3)
            np.testing.assert_allclose(pixels.max(0), corner + np.array([layer.width, layer.height]), atol=1e-3)

    def test_are_ordered_by_distance(self, scene):
        _, found = cards(encode_usdz(scene))
        distances = [-tiles[0][1][0, 2] for tiles in found]
        assert all(far > near > 0 for far, near in pairwise(distances))

    def test_show_the_layers_pixels(self, scene):
        """What each texture shows between its card's s and t, row 0 on top, put side by side, is the layer."""
        data = encode_usdz(scene)
        _, found = cards(data)
        for layer, tiles in zip(scene.layers, found, strict=True):
            parts = []
            for name, _, st in tiles:
                texture = imagecodecs.png_decode(opened(data).read(name))
                height, width = texture.shape[:2]
                assert max(height, width) <= 8192
                left, right = np.rint(st[[0, 1], 0] * width).astype(int)
                top, bottom = np.rint((1 - st[[2, 0], 1]) * height).astype(int)
                parts.append(texture[top:bottom, left:right])
            whole = np.concatenate(parts, axis=1)
            np.testing.assert_array_equal(whole, layer_pixels(scene, layer, None))


def test_the_front_view_is_the_photo():
    """Cards far to near, each at the pixels where the camera sees it, blended as they glow: the photo."""
    data = encode_usdz(PICTURE)
    text, found = cards(data)
    height, width = photo_of(PICTURE).shape[:2]
    canvas = np.zeros((height, width, 3))
    for ((name, points, _),) in found:
        box = np.rint(seen(text, points) * (width, height)).astype(int)
        rgba = imagecodecs.png_decode(opened(data).read(name)) / 255
        (x0, y0), (x1, y1) = box.min(0), box.max(0)
        window = canvas[y0:y1, x0:x1]
        window[:] = rgba[..., 3:] * rgba[..., :3] + (1 - rgba[..., 3:]) * window
    assert np.abs(canvas * 255 - photo_of(PICTURE)).max() <= 1


def test_names_ids_and_description_come_through_the_text():
    scene = hostile_scene()
    text = opened(encode_usdz(scene)).read(STAGE).decode()
    names = [json.loads(quoted) for quoted in re.findall(r"displayName = (\".*\")", text)]
    assert tuple(names) == HOSTILE_NAMES
    assert re.findall(r'string id = "(.*)"', text) == [layer.id for layer in scene.layers]
    document = json.loads(json.loads(re.search(r"string multiplane = (\".*\")", text)[1]))
    assert [row["name"] for row in document["layers"]] == [layer.name for layer in scene.layers]


def test_what_is_lost_is_said_once(caplog):
    with caplog.at_level(logging.WARNING):
        encode_usdz(noise_scene(1, count=3, bit_depth=16, shadow=True))
    assert [("multiply" in record.message, "16" in record.message) for record in caplog.records] == [
        (True, False), (False, True),
    ]  # fmt: skip


@pytest.mark.program
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_usds_own_library_reads_it_and_finds_no_fault(tmp_path, scene):
    """All validators that come with usd-core, its lens, and a texture through its own resolver of packages."""
    pytest.importorskip("pxr", reason="needs pip install usd-core (about 200 MB)")
    from pxr import Usd, UsdGeom, UsdShade, UsdValidation

    (tmp_path / "a.usdz").write_bytes(encode_usdz(scene))
    stage = Usd.Stage.Open(str(tmp_path / "a.usdz"))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    faults = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [fault.GetMessage() for fault in faults] == []
    camera = UsdGeom.Camera(stage.GetPrimAtPath("/Scene/Camera")).GetCamera()
    vertical = camera.GetFieldOfView(camera.FOVVertical)
    assert vertical == pytest.approx(np.degrees(scene.camera.fov_y), rel=SOLVER)
    meshes = [prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    assert len(meshes) >= len(scene.layers)
    for mesh in meshes:
        material, _ = UsdShade.MaterialBindingAPI(mesh).ComputeBoundMaterial()
        texture = stage.GetPrimAtPath(material.GetPath().AppendChild("Texture"))
        assert texture.GetAttribute("inputs:file").Get().resolvedPath
