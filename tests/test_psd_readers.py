"""A .psd in ag-psd, ImageMagick, GIMP and Krita: whichever way it is written, what they read makes the photo."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from extreme_scene import extreme_scene
from multiplane.formats.psd import encode_psd
from multiplane.formats.psd_extras import EXTRAS
from multiplane.formats.read_edited import read_edited
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import over
from multiplane.reconcile.bring_in import bring_in
from multiplane.scene import Scene
from scenes import assert_same_scene, hostile_scene, noise_scene, photo_of, picture_scene

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / ".tools" / "node_modules"
EVERYTHING = {"masks": True, "extras": EXTRAS}
FILES: dict[str, tuple[Scene, dict]] = {
    "picture": (picture_scene(skimage.data.astronaut()[::2, ::2]), {}),
    "picture with masks": (picture_scene(skimage.data.coffee()[::2, ::2]), EVERYTHING),
    "picture in run lengths": (picture_scene(skimage.data.coffee()[::2, ::2]), {"packing": "rle"}),
    "hostile": (hostile_scene(), EVERYTHING),
    "shadow": (noise_scene(4, shadow=True), {"full_canvas": True}),
    "deep": (noise_scene(2, count=5, bit_depth=16), {}),
    "deep in run lengths": (noise_scene(2, count=5, bit_depth=16), {"packing": "rle"}),
    "deep with masks": (noise_scene(2, count=5, bit_depth=16), EVERYTHING),
    "transparent": (noise_scene(3, transparent=True), EVERYTHING),
    "large": (noise_scene(1, count=5), {"large": True, **EVERYTHING}),
    "large and deep": (noise_scene(1, count=5, bit_depth=16), {"large": True}),
    "pixel": (noise_scene(width=1, height=1, count=1), EVERYTHING),
}
OF_AG_PSD = [name for name in FILES if name != "deep in run lengths"]
"""ag-psd reads the two bytes of such a level as two levels."""
SAVED_BY_KRITA = {
    "masks": (noise_scene(4, 60, 40, 5, shadow=True, transparent=True), EVERYTHING),
    "in run lengths": (noise_scene(4, 60, 40, 5), {"packing": "rle"}),
    "deep": (noise_scene(5, 60, 40, 5, bit_depth=16), {}),
}


def write_all(folder: Path, files: dict[str, tuple[Scene, dict]]) -> dict[str, Path]:
    paths = {name: folder / f"{name}.{'psb' if how.get('large') else 'psd'}" for name, (_, how) in files.items()}
    for name, (scene, how) in files.items():
        paths[name].write_bytes(encode_psd(scene, **how))
    return paths


def ran(command, folder=None, seconds=120):
    """The program's output; with `folder`, one that keeps its settings there."""
    environment = os.environ if folder is None else {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    done = subprocess.run(
        ["timeout", str(seconds), *map(str, command)], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.program
@pytest.mark.skipif(
    not (shutil.which("node") and (MODULES / "ag-psd").exists()),
    reason="needs node and ag-psd: tests/install_programs.sh",
)
class TestAgPsd:
    @pytest.fixture(scope="class")
    def trees(self, tmp_path_factory):
        """Every file as ag-psd reads it; the one of 30,001 pixels too."""
        files = {
            **{name: FILES[name] for name in OF_AG_PSD},
            "extreme": (extreme_scene(), {"large": True, "masks": True}),
        }
        paths = write_all(tmp_path_factory.mktemp("agpsd"), files)
        code, said, error = ran(["node", ROOT / "tests" / "read_psd.mjs", MODULES, *paths.values()])
        assert code == 0, error
        return {name: (tree, *files[name]) for name, tree in zip(paths, json.loads(said), strict=True)}

    @pytest.mark.parametrize("name", [*OF_AG_PSD, "extreme"])
    def test_its_layers_make_the_photo(self, trees, name):
        tree, scene, how = trees[name]
        assert (tree["width"], tree["height"], tree["bits"]) == (
            scene.camera.width, scene.camera.height, scene.bit_depth,
        )  # fmt: skip
        canvas = np.zeros((tree["height"], tree["width"], 3), np.uint8 if scene.bit_depth == 8 else np.uint16)
        for row, layer in zip(leaves(tree["children"]), scene.layers, strict=True):
            assert (row["name"], row["hidden"], row["opacity"]) == (layer.name, False, 1)
            rgba = masked(row)
            x, y = row["left"], row["top"]
            window = canvas[y : y + rgba.shape[0], x : x + rgba.shape[1]]
            window[:] = over(rgba, window, row["blendMode"])
        np.testing.assert_array_equal(canvas, photo_of(scene))
        if scene.alpha is None:
            np.testing.assert_array_equal(levels(tree["merged"])[..., :3], photo_of(scene))
        assert ("multiplane extras" in [row["name"] for row in tree["children"]]) == ("extras" in how)
        assert "<multiplane:layers>" in tree["xmp"]

    def test_it_finds_colours_numbers_and_what_is_hidden(self, trees):
        tree, scene, _ = trees["large"]
        *groups, extras = tree["children"]
        assert [(group["name"], group["layerColor"]) for group in groups] == [
            ("background", "blue"), ("midground", "yellow"), ("foreground", "orange"),
        ]  # fmt: skip
        assert (extras["hidden"], extras["layerColor"]) == (True, "gray")
        assert [len(group["children"]) for group in extras["children"]][:2] == [len(scene.layers)] * 2
        numbers = [row["id"] for row in leaves(tree["children"])]
        assert len(set(numbers)) == len(scene.layers)


def leaves(rows):
    """Layers of the scene in ag-psd's tree, bottom to top."""
    for row in rows:
        if row["name"] != "multiplane extras":
            yield from leaves(row["children"]) if row.get("children") is not None else [row]


def levels(picture):
    kind = {1: np.uint8, 2: np.uint16}[picture["bytes"]]
    return np.fromfile(picture["path"], kind).reshape(picture["height"], picture["width"], 4)


def masked(row):
    rgba = levels(row["pixels"])
    if row["mask"] is not None:
        assert (row["mask"]["left"], row["mask"]["top"], row["mask"]["outside"]) == (row["left"], row["top"], 0)
        assert (rgba[..., 3] == top_level(8 * row["pixels"]["bytes"])).all()
        rgba[..., 3] = levels(row["mask"]["pixels"])[..., 0]
    return rgba


@pytest.mark.program
@pytest.mark.skipif(not Path("/usr/bin/convert").exists(), reason="needs apt-get install imagemagick")
@pytest.mark.parametrize("name", FILES)
def test_imagemagicks_layers_make_the_photo(tmp_path, name):
    """It knows no groups; a layer's mask it puts into the alpha, and what is hidden it lists behind what is not."""
    scene, _ = FILES[name]
    path = write_all(tmp_path, {name: FILES[name]})[name]
    deep = scene.bit_depth == 16
    kind, count = np.uint16 if deep else np.uint8, len(scene.layers)
    flags = ["-depth", "16" if deep else "8", "-endian", "LSB"]
    code, said, error = ran(["/usr/bin/identify", "-format", "%w %h %X %Y\n", f"{path}[0-{count}]"])
    assert code == 0, error
    places = [tuple(map(int, line.split())) for line in said.splitlines()]
    assert ran(["/usr/bin/convert", f"{path}[0-{count}]", *flags, f"rgba:{tmp_path}/out-%d.raw"])[0] == 0
    canvas = np.zeros((scene.camera.height, scene.camera.width, 3), kind)
    for index, layer in enumerate(scene.layers, start=1):
        width, height, x, y = places[index]
        out = tmp_path / f"out-{index}.raw"
        rgba = np.fromfile(out, kind).reshape(height, width, 4)
        window = canvas[y : y + height, x : x + width]
        window[:] = over(rgba, window, layer.blend)
    assert np.abs(canvas.astype(np.int64) - photo_of(scene)).max() <= top_level(scene.bit_depth) // 255
    if scene.alpha is None:
        out = tmp_path / "out-0.raw"
        merged = np.fromfile(out, kind).reshape(*photo_of(scene).shape[:2], 4)
        np.testing.assert_array_equal(merged[..., :3], photo_of(scene))


@pytest.mark.program
@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("krita") and shutil.which("xvfb-run")), reason="needs apt-get install krita xvfb")
@pytest.mark.parametrize("name", SAVED_BY_KRITA)
def test_what_krita_saves_comes_back(tmp_path, name):
    scene, _ = SAVED_BY_KRITA[name]
    source = write_all(tmp_path, {name: SAVED_BY_KRITA[name]})[name]
    saved = tmp_path / "saved.psd"
    code, said, error = ran(
        ["xvfb-run", "-a", "krita", source, "--export", "--export-filename", saved], tmp_path, seconds=240
    )
    assert saved.exists(), (code, said + error)
    canvas = scene.camera.width, scene.camera.height
    outcome = bring_in(scene, read_edited(saved, canvas, scene.alpha is not None), inpaint_smooth)
    assert_same_scene(outcome.scene, scene)
    assert (outcome.is_unchanged, outcome.notes) == (True, ())
    for layer in outcome.scene.layers:
        assert to_levels(layer.rgba, scene.bit_depth).any()
