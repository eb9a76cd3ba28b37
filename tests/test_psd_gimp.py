"""A .psd opened in GIMP: groups, names, places and pixels are as written, and what GIMP merges is the photo."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from multiplane.formats.psd import encode_psd
from multiplane.formats.psd_extras import EXTRAS
from multiplane.pixels.levels import to_levels, top_level
from scenes import hostile_scene, noise_scene, photo_of, picture_scene

SCRIPT = Path(__file__).with_name("gimp_layers.scm")
SCENES = {
    "picture": picture_scene(skimage.data.astronaut()[::2, ::2]),
    "noise": noise_scene(1, count=5),
    "hostile": hostile_scene(),
    "shadow": noise_scene(4, shadow=True),
    "deep": noise_scene(2, count=5, bit_depth=16),
    "transparent": noise_scene(3, transparent=True),
    "deep and transparent": noise_scene(3, transparent=True, bit_depth=16),
    "masked": picture_scene(skimage.data.coffee()[::4, ::4]),
    "masked and deep": noise_scene(7, count=5, bit_depth=16),
    "in run lengths": picture_scene(skimage.data.coffee()[::4, ::4]),
    "deep in run lengths": noise_scene(8, count=5, bit_depth=16),
    "pixel": noise_scene(width=1, height=1, count=1),
}
HOW = {
    "masked": {"masks": True, "extras": EXTRAS},
    "masked and deep": {"masks": True},
    "in run lengths": {"packing": "rle"},
    "deep in run lengths": {"packing": "rle"},
}
"""Options with which some of the scenes are written."""
ROW = re.compile(r'\((\(.*?\)) (\d+) "((?:[^"\\]|\\.)*)" #([tf]) ([-\d ]+)\)')
"""A line that the script writes: groups around, id, name, is it a group; x, y, width, height, mode, mask."""
MULTIPLY = {3, 30}
"""GIMP's numbers of the modes that PSD's multiply may become: as GIMP 2.8 had it, and 2.10's own."""


@pytest.mark.program
@pytest.mark.skipif(shutil.which("gimp") is None, reason="needs GIMP 2.10: apt-get install gimp")
def test_gimp_finds_what_was_written(tmp_path):
    """One test for all scenes, because GIMP takes seconds to start."""
    describe_all(tmp_path)
    for name, scene in SCENES.items():
        rows = [row for row in rows_of(tmp_path / name / "layers.txt") if "multiplane extras" not in (row[2], *row[0])]
        assert_in_place(rows, scene, name)
        assert_same_pixels(rows, scene, tmp_path / name)
        assert_merges_to_photo(scene, tmp_path / name)


def describe_all(folder):
    """Let GIMP open every scene and write down, in a folder of its name, what it found."""
    calls = []
    for name, scene in SCENES.items():
        (folder / name).mkdir()
        (folder / f"{name}.psd").write_bytes(encode_psd(scene, **HOW.get(name, {})))
        calls.append(f'(describe "{folder / name}.psd" "{folder / name}")')
    # One -b for everything, since each has a world of its own; after an error GIMP waits forever, hence `timeout`.
    command = f'(begin (load "{SCRIPT}") {" ".join(calls)} (gimp-quit 1))'
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        ["timeout", "400", "gimp", "-i", "-d", "-f", "-b", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    missing = [name for name in SCENES if not (folder / name / "merged.png").exists()]
    assert not missing, done.stdout + done.stderr


def rows_of(path):
    """[(groups around, id, name, is it a group, [x, y, width, height, mode, mask])], bottom to top."""
    rows = []
    for line in path.read_text().splitlines():
        found = ROW.fullmatch(line)
        assert found, line
        groups, identity, name, group, numbers = found.groups()
        name = re.sub(r"\\(.)", lambda mark: {"n": "\n", "t": "\t"}.get(mark[1], mark[1]), name)
        rows.append((re.findall('"(.*?)"', groups), identity, name, group == "t", [*map(int, numbers.split())]))
    return rows[::-1]


def assert_in_place(rows, scene, case):
    around = ["photo"] if scene.alpha is not None else []
    layers = [row for row in rows if not row[3]]
    for (groups, _, name, _, numbers), layer in zip(layers, scene.layers, strict=True):
        assert name == layer.name.rstrip(" "), case  # GIMP itself drops spaces at the end
        assert groups == [*around, layer.plane], case
        assert numbers[:4] == [*layer.corner, layer.width, layer.height], case
        assert (numbers[4] in MULTIPLY) == (layer.blend == "multiply"), case
    masked = [layer.name for layer in scene.layers if HOW.get(case, {}).get("masks") and layer.rgba[..., 3].min() < 1]
    assert [name for _, _, name, _, numbers in rows if numbers[5] != -1] == [*masked, *around], case


def assert_same_pixels(rows, scene, folder):
    layers = [row for row in rows if not row[3]]
    for (_, identity, *_), layer in zip(layers, scene.layers, strict=True):
        got, want = levels_of(folder / f"{identity}.png"), to_levels(layer.rgba, scene.bit_depth)
        assert got.dtype == want.dtype, folder.name
        shown = want[..., 3] > 0
        if HOW.get(folder.name, {}).get("masks"):  # GIMP saves a layer without its mask: the merged picture shows it
            want[..., 3] = top_level(scene.bit_depth)
        np.testing.assert_array_equal(got[..., 3], want[..., 3], folder.name)
        np.testing.assert_array_equal(got[shown], want[shown], folder.name)


def assert_merges_to_photo(scene, folder):
    """Within two levels, as GIMP blends in floats."""
    got, top = levels_of(folder / "merged.png").astype(np.int64), top_level(scene.bit_depth)
    alpha = np.full(got.shape[:2], top) if scene.alpha is None else to_levels(scene.alpha, scene.bit_depth)
    assert np.abs(got[..., 3] - alpha).max() <= 1, folder.name
    # Where the whole is nearly transparent, GIMP multiplies and divides colours by an alpha of few levels.
    steady = alpha > top // 4
    assert np.abs(got[..., :3] - photo_of(scene))[steady].max() <= 2, folder.name


def levels_of(path):
    """A PNG's levels (h, w, 4), at its own bit depth."""
    levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(levels, cv2.COLOR_BGRA2RGBA if levels.shape[2] == 4 else cv2.COLOR_BGR2RGBA)
