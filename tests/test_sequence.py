"""A folder of layers tells the truth in its manifest, goes back to the photo, and respects what else lies there."""

import json
import logging
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from extreme_scene import extreme_scene
from multiplane.errors import OutputError
from multiplane.formats.sequence import ALL_MAPS, MANIFEST, file_names, write_sequence
from multiplane.formats.sequence_maps import EVEN_IN_DISPARITY, MILLIMETRES, depth_scale
from multiplane.pixels.levels import from_levels, to_levels
from multiplane.pixels.zbuffer import nearest_depth
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene
from tolerances import SOLVER

KINDS = {".png": "PNG", ".tif": "TIFF"}


def written(scene, folder):
    """The manifest, after writing `scene` into `folder`."""
    write_sequence(scene, folder)
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def pixels(path, mode, size):
    """A PNG's levels by Pillow, which must be of `mode` and `size`."""
    with Image.open(path) as picture:
        assert (picture.format, picture.mode, picture.size) == (KINDS[path.suffix], mode, tuple(size))
        return np.asarray(picture).astype(np.int64)


def composited(folder, document):
    """From nothing but the folder: each layer blended over those before, rounded, as the manifest says."""
    canvas = np.zeros((document["camera"]["height"], document["camera"]["width"], 3), np.int64)
    for layer in document["layers"]:
        rgba = pixels(folder / layer["file"], "RGBA", layer["size"])
        (x, y), (width, height) = layer["corner"], layer["size"]
        window, alpha = canvas[y : y + height, x : x + width], rgba[..., 3:]
        colour = np.rint(rgba[..., :3] * window / 255) if layer["blend"] == "multiply" else rgba[..., :3]
        window[:] = np.rint((alpha * colour + (255 - alpha) * window) / 255)
    return canvas


def photo_z(scene):
    return nearest_depth(scene.layers, scene.camera.height, scene.camera.width)


def mapped(document, value):
    """Depths by evaluating the very formula that the manifest states."""
    return eval(document["depth"]["mapping"].removeprefix("z = "), {**document["depth"], "value": value})


class TestRoundTrip:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.booleans())
    def test_pillow_composites_the_files_to_the_photo(self, tmp_path_factory, seed, width, height, count, shadow):
        scene, folder = noise_scene(seed, width, height, count, shadow=shadow), tmp_path_factory.mktemp("t") / "p"
        np.testing.assert_array_equal(composited(folder, written(scene, folder)), photo_of(scene))

    def test_of_a_picture(self, tmp_path):
        rgb = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
        scene = picture_scene(np.kron(rgb, np.ones((3, 3, 1), np.uint8)))
        np.testing.assert_array_equal(composited(tmp_path / "p", written(scene, tmp_path / "p")), photo_of(scene))

    def test_background_is_the_first_layer_without_alpha(self, tmp_path):
        scene = noise_scene()
        name = written(scene, tmp_path / "p")["background"]
        want = to_levels(scene.layers[0].rgba[..., :3])
        np.testing.assert_array_equal(pixels(tmp_path / "p" / name, "RGB", (23, 17)), want)

    def test_alpha_is_the_photos_own(self, tmp_path):
        scene = noise_scene(transparent=True)
        name = written(scene, tmp_path / "p")["alpha"]
        np.testing.assert_array_equal(pixels(tmp_path / "p" / name, "L", (23, 17)), to_levels(scene.alpha))
        assert written(noise_scene(), tmp_path / "q")["alpha"] is None

    def test_16_bits_stay_16_bits(self, tmp_path):
        scene = noise_scene(bit_depth=16)
        document = written(scene, tmp_path / "p")
        assert document["bit_depth"] == 16
        for entry, layer in zip(document["layers"], scene.layers, strict=True):
            got = cv2_levels(tmp_path / "p" / entry["file"])  # Pillow reads colours of 16 bits as 8
            want = to_levels(layer.rgba, 16)
            np.testing.assert_array_equal(got[..., 3], want[..., 3])
            np.testing.assert_array_equal(got[want[..., 3] > 0], want[want[..., 3] > 0])

    def test_colours_are_carried_on_under_what_is_transparent(self, tmp_path):
        scene = noise_scene(count=1)
        rgba = np.zeros((*scene.layers[0].z.shape, 4), np.uint8)
        rgba[3, 4] = (200, 100, 50, 9)
        thing = replace(scene.layers[0], id="b", name="thing", rgba=from_levels(rgba))
        document = written(replace(scene, layers=(*scene.layers, thing)), tmp_path / "p")
        got = pixels(tmp_path / "p" / document["layers"][1]["file"], "RGBA", (23, 17))
        assert (got[..., :3] == (200, 100, 50)).all()
        assert got[..., 3].sum() == 9

    def test_the_same_scene_gives_the_same_bytes(self, tmp_path):
        for name in ("a", "b"):
            write_sequence(noise_scene(transparent=True), tmp_path / name)
        first, second = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b"))
        assert first == second


class TestDepth:
    def test_the_stated_mapping_gives_back_z(self, tmp_path):
        scene = noise_scene(2, count=5)
        document = written(scene, tmp_path / "p")
        value, z = pixels(tmp_path / "p" / document["depth"]["file"], "I;16", (23, 17)), photo_z(scene)
        assert_half_a_step(mapped(document, value), z)
        assert value[np.unravel_index(z.argmin(), z.shape)] == 65535
        assert value[np.unravel_index(z.argmax(), z.shape)] == 0
        assert (document["depth"]["near"], document["depth"]["far"]) == (z.min(), z.max())

    @settings(max_examples=50, deadline=None)
    @given(st.floats(2.0**-140, 2.0**126, width=32), st.floats(1.0, 1e9), st.integers(0, 99))
    def test_it_holds_for_any_range_however_narrow_or_wide(self, near, ratio, seed):
        far = min(near * ratio, 3e38)
        share = np.random.default_rng(seed).random((9, 11))
        z = np.clip(near + share * (far - near), near, far).astype(np.float32)
        scale = depth_scale(float(z.min()), float(z.max()), False)
        levels = scale.levels(z)
        assert levels.dtype == np.uint16
        assert_half_a_step(mapped({"depth": asdict(scale)}, levels.astype(float)), z)

    def test_of_one_depth_everywhere_is_that_depth(self):
        seven = float(np.float32(7.3))
        scale = depth_scale(seven, seven, False)
        got = mapped({"depth": asdict(scale)}, scale.levels(np.full((3, 4), 7.3, np.float32)).astype(float))
        np.testing.assert_allclose(got, np.float32(7.3), rtol=1e-12)

    def test_strips_do_not_show(self):
        z = np.random.default_rng(0).uniform(1, 20, (700, 1000)).astype(np.float32)  # more than one strip
        near, far = float(z.min()), float(z.max())
        levels = depth_scale(near, far, False).levels(z)
        want = np.rint(65535 * (1 / z.astype(float) - 1 / far) / (1 / near - 1 / far))
        np.testing.assert_array_equal(levels, want)


def assert_half_a_step(got, z):
    """In disparity, in which the levels are even, nothing is off by more than half a level."""
    disparity = 1 / z.astype(np.float64)
    step = (disparity.max() - disparity.min()) / 65535
    slack = SOLVER * step + 1e-14 * disparity.max()  # of float64 itself
    assert np.abs(1 / got - disparity).max() <= step / 2 + slack


class TestManifest:
    def test_says_what_the_layers_are(self, tmp_path):
        scene = noise_scene(4, count=6, shadow=True)
        scene = replace(scene, origin=replace(scene.origin, metric=True))
        document = written(scene, tmp_path / "p")
        assert (document["format"], document["version"], document["order"]) == ("multiplane layers", 1, "far to near")
        assert document["metric"] is True
        camera = scene.camera
        assert document["camera"] == {
            "width": camera.width, "height": camera.height, "focal": camera.focal, "fov_y": camera.fov_y,
        }  # fmt: skip
        for entry, layer in zip(document["layers"], scene.layers, strict=True):
            for fact in ("id", "name", "label", "plane", "blend", "caster", "depth", "filled_share"):
                assert entry[fact] == getattr(layer, fact), fact
            assert (tuple(entry["corner"]), tuple(entry["size"])) == (layer.corner, (layer.width, layer.height))
            solid = layer.z[layer.rgba[..., 3] >= 0.5]
            solid = solid if solid.size else layer.z
            assert entry["depth_range"] == [solid.min(), solid.max()]

    @pytest.mark.parametrize("scene", [noise_scene(transparent=True), hostile_scene()], ids=["plain", "hostile"])
    def test_names_every_file_and_no_other(self, tmp_path, scene):
        document = written(scene, tmp_path / "p")
        named = [entry["file"] for entry in document["layers"]]
        named += [MANIFEST, document["background"], document["depth"]["file"], document["alpha"]]
        assert sorted(filter(None, named)) == sorted(path.name for path in (tmp_path / "p").iterdir())

    def test_keeps_every_name_as_it_is_even_half_a_character(self, tmp_path):
        names = (*HOSTILE_NAMES[:-1], "half \ud800")
        scene = noise_scene(5, count=len(names), names=names)
        assert tuple(layer["name"] for layer in written(scene, tmp_path / "p")["layers"]) == names


@pytest.mark.parametrize("pictures", ["png", "tiff"])
@pytest.mark.parametrize("bit_depth", [8, 16])
class TestMaps:
    def document(self, scene, folder, pictures):
        write_sequence(scene, folder, pictures, ALL_MAPS)
        return json.loads((folder / MANIFEST).read_bytes())

    def test_say_of_each_pixel_what_the_scene_does(self, tmp_path, pictures, bit_depth):
        scene = noise_scene(3, count=4, bit_depth=bit_depth, transparent=True)
        document = self.document(scene, tmp_path / "p", pictures)
        for row, layer in zip(document["layers"], scene.layers, strict=True):
            got = {kind: cv2_levels(tmp_path / "p" / name) for kind, name in row["maps"].items()}
            assert {each.shape[:2] for each in got.values()} == {layer.z.shape}
            np.testing.assert_array_equal(got["mask"], to_levels(layer.rgba[..., 3], bit_depth))
            np.testing.assert_array_equal(got["filled"], layer.filled * np.uint8(255))
            assert got["depth"].dtype == np.uint16
            scale = document["layer_depth"]
            step = (1 / scale["near"] - 1 / scale["far"]) / 65535
            assert np.abs(1 / mapped({"depth": scale}, got["depth"].astype(float)) - 1 / layer.z).max() < 0.51 * step
            assert np.abs(np.linalg.norm(normals(got["normals"]), axis=-1) - 1).max() < 0.02
            file = tmp_path / "p" / row["file"]
            # OpenCV multiplies a TIFF's 8-bit colours with alpha; Pillow reads 16-bit colours as 8.
            rgba = pixels(file, "RGBA", row["size"]) if bit_depth == 8 else cv2_levels(file)
            shown = layer.rgba[..., 3] > 0
            np.testing.assert_array_equal(rgba[shown], to_levels(layer.rgba, bit_depth)[shown])

    def test_every_file_is_named_and_removed_when_no_more_wanted(self, tmp_path, pictures, bit_depth):
        scene = noise_scene(1, count=3, bit_depth=bit_depth, transparent=True)
        document = self.document(scene, tmp_path / "p", pictures)
        named = [name for row in document["layers"] for name in (row["file"], *row["maps"].values())]
        named += [MANIFEST, document["background"], document["alpha"]]
        named += [document["depth"]["file"], document["normals"]["file"]]
        assert sorted(named) == sorted(path.name for path in (tmp_path / "p").iterdir())
        write_sequence(scene, tmp_path / "p")
        write_sequence(scene, tmp_path / "q")
        assert {p.name for p in (tmp_path / "p").iterdir()} == {p.name for p in (tmp_path / "q").iterdir()}

    def test_the_same_scene_gives_the_same_bytes(self, tmp_path, pictures, bit_depth):
        for name in ("a", "b"):
            write_sequence(noise_scene(bit_depth=bit_depth), tmp_path / name, pictures, ALL_MAPS)
        first, second = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b"))
        assert first == second


def cv2_levels(path):
    """A picture's levels by OpenCV, red first."""
    levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
    return levels if levels.ndim == 2 else levels[..., order[levels.shape[2]]]


def normals(levels):
    return levels / np.iinfo(levels.dtype).max * 2 - 1


def slanted_scene(metric, far=8.0):
    """One layer: a wall that recedes to the right."""
    scene = noise_scene(count=1, width=64, height=48)
    columns = np.broadcast_to((np.arange(64, dtype=np.float32) + 0.5) / 64, (48, 64))
    q = 1 / 2.0 + columns * (1 / far - 1 / 2.0)
    layer = replace(scene.layers[0], z=(1 / q).astype(np.float32))
    return replace(scene, layers=(layer,), origin=replace(scene.origin, metric=metric))


class TestMetric:
    def test_metric_depth_is_in_millimetres(self, tmp_path):
        scene = slanted_scene(True)
        write_sequence(scene, tmp_path / "p", maps=ALL_MAPS)
        document = json.loads((tmp_path / "p" / MANIFEST).read_bytes())
        assert document["depth"]["mapping"] == document["layer_depth"]["mapping"] == MILLIMETRES
        got = cv2_levels(tmp_path / "p" / document["depth"]["file"])
        np.testing.assert_array_equal(got, np.rint(scene.layers[0].z.astype(float) * 1000))
        assert np.abs(mapped(document, got.astype(float)) - scene.layers[0].z).max() <= 0.0005 + SOLVER

    def test_what_millimetres_cannot_hold_is_disparity_and_it_says_so_once(self, tmp_path, caplog):
        with caplog.at_level(logging.WARNING):
            write_sequence(slanted_scene(True, 500.0), tmp_path / "p")
        assert len(caplog.records) == 1
        document = json.loads((tmp_path / "p" / MANIFEST).read_bytes())
        assert document["depth"]["mapping"] == EVEN_IN_DISPARITY
        got = cv2_levels(tmp_path / "p" / document["depth"]["file"]).astype(float)
        assert_half_a_step(mapped(document, got), slanted_scene(True, 500.0).layers[0].z)

    def test_normals_of_a_receding_wall_are_the_planes(self, tmp_path):
        scene = slanted_scene(False)
        write_sequence(scene, tmp_path / "p", maps=("normals",))
        got = normals(cv2_levels(tmp_path / "p" / "normals.png"))[8:-8, 8:-8]
        # q = a u + c on the plane n . P = d in x right, y down, z forward; then y and z change sign.
        slope = (1 / 8.0 - 1 / 2.0) / 64
        focal, centre = scene.camera.focal, 32.0
        plane = np.array([-focal * slope, 0.0, 1 / 2.0 + slope * centre])
        assert np.abs(got - plane / np.linalg.norm(plane)).max() < 0.02


def test_the_extreme_scene_is_written_whole(tmp_path):
    scene = extreme_scene()
    write_sequence(scene, tmp_path / "p", "tiff", ALL_MAPS)
    document = json.loads((tmp_path / "p" / MANIFEST).read_bytes())
    assert len(list((tmp_path / "p").iterdir())) == 5 * 40 + 4
    for row, layer in zip(document["layers"], scene.layers, strict=True):
        depth = cv2_levels(tmp_path / "p" / row["maps"]["depth"])
        np.testing.assert_array_equal(mapped({"depth": document["layer_depth"]}, depth.astype(float)), 5.0)
        assert (row["name"], depth.shape) == (layer.name, layer.z.shape)


class TestFileNames:
    names = file_names(list(HOSTILE_NAMES))

    def test_suit_every_system(self):
        for name in self.names:
            assert not set(name) & set('<>:"/\\|?*')
            assert name.isprintable()
            assert len(name.encode()) < 200
            stem = name.removesuffix(".png")
            assert stem == stem.strip(" .")
            assert stem.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}

    def test_stay_different_where_case_and_normal_forms_do_not_count(self):
        assert len({name.casefold() for name in self.names}) == len(HOSTILE_NAMES)
        assert [int(name.split(" ")[0]) for name in self.names] == list(range(1, len(HOSTILE_NAMES) + 1))

    def test_stay_readable(self):
        assert file_names(["sky", "020 person 1", "日本語", "1", "..."]) == [
            "01 sky.png", "02 person 1.png", "03 日本語.png", "04 1.png", "05 layer.png",
        ]  # fmt: skip
        assert file_names(["é" * 200])[0] == f"01 {'é' * 60}.png"  # cut between characters, not inside one

    def test_sort_as_the_layers_do_beyond_a_hundred(self):
        names = file_names([f"n{k}" for k in range(120)])
        assert names == sorted(names)
        assert names[0] == "001 n0.png"


class TestTheFolder:
    def contents(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_is_brought_up_to_date_and_nothing_stale_stays(self, tmp_path):
        write_sequence(noise_scene(count=6, transparent=True), tmp_path / "p")
        write_sequence(noise_scene(7, count=2), tmp_path / "p")
        write_sequence(noise_scene(7, count=2), tmp_path / "q")
        assert self.contents(tmp_path / "p") == self.contents(tmp_path / "q")

    @pytest.mark.parametrize("name", ["letter.txt", "alpha.png", "03 thing 2.png", "photo.png"])
    def test_keeps_a_users_own_file(self, tmp_path, name):
        write_sequence(noise_scene(count=2), tmp_path / "p")
        (tmp_path / "p" / name).write_bytes(b"mine")
        write_sequence(noise_scene(3, count=1), tmp_path / "p")
        assert (tmp_path / "p" / name).read_bytes() == b"mine"

    @pytest.mark.parametrize("name", ["alpha.png", "03 thing 2.png"])
    def test_is_left_as_it_was_where_a_users_own_file_is_in_the_way(self, tmp_path, name):
        write_sequence(noise_scene(count=2), tmp_path / "p")
        (tmp_path / "p" / name).write_bytes(b"mine")
        before = self.contents(tmp_path / "p")
        with pytest.raises(OutputError, match=f"'{name}' stands there and is not ours"):
            write_sequence(noise_scene(count=3, transparent=True), tmp_path / "p")
        assert self.contents(tmp_path / "p") == before

    @pytest.mark.parametrize(
        "text",
        [
            b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"format": "another"}',
            b'{"format": "multiplane layers"}', b'{"format": "multiplane layers", "layers": [1]}',
            b'{"format": "multiplane layers", "layers": null}',
        ],
        ids=map(str, range(10)),
    )  # fmt: skip
    def test_of_somebody_else_is_refused_whatever_its_manifest_holds(self, tmp_path, text):
        (tmp_path / MANIFEST).write_bytes(text)
        (tmp_path / "depth.png").write_bytes(b"theirs")
        with pytest.raises(OutputError, match="not empty"):
            write_sequence(noise_scene(), tmp_path)
        assert self.contents(tmp_path) == {MANIFEST: text, "depth.png": b"theirs"}

    def test_a_manifest_cannot_make_it_touch_what_lies_outside(self, tmp_path):
        (tmp_path / "outside.txt").write_bytes(b"safe")
        document = written(noise_scene(), tmp_path / "p")
        document["layers"][0]["file"] = "../outside.txt"
        document["layers"].append({"file": str(tmp_path / "outside.txt")})
        (tmp_path / "p" / MANIFEST).write_text(json.dumps(document))
        with pytest.raises(OutputError, match="not ours"):  # the first layer's file is no longer named as ours
            write_sequence(noise_scene(), tmp_path / "p")
        write_sequence(noise_scene(names=("a", "b", "c", "d")), tmp_path / "p")
        assert (tmp_path / "outside.txt").read_bytes() == b"safe"


def test_depth_is_that_of_the_uppermost_half_opaque_sheet():
    scene = noise_scene(8, count=5)
    slow = np.zeros((scene.camera.height, scene.camera.width), np.float32)
    for layer in scene.layers:
        for row, column in np.ndindex(layer.z.shape):
            if layer.rgba[row, column, 3] >= 0.5:
                slow[layer.corner[1] + row, layer.corner[0] + column] = layer.z[row, column]
    np.testing.assert_array_equal(nearest_depth(scene.layers, *slow.shape), slow)
