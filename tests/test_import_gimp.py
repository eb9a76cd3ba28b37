"""A .psd edited in GIMP comes back into its scene, though GIMP drops the layers' numbers."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from multiplane.formats.psd import encode_psd
from multiplane.formats.read_edited import read_edited
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.pixels.levels import to_levels
from multiplane.reconcile.bring_in import bring_in
from scenes import assert_same_scene, hostile_scene, noise_scene, picture_scene

SCRIPT = Path(__file__).with_name("gimp_edit.scm")
UNTOUCHED = {
    "hostile": hostile_scene(),
    "shadow": noise_scene(4, shadow=True),
    "deep": noise_scene(2, count=5, bit_depth=16),
    "transparent": noise_scene(3, transparent=True),
}


def in_gimp(folder, *calls):
    """Run calls of the script, all at once, because GIMP takes seconds to start."""
    # After an error GIMP waits forever, hence `timeout`.
    command = f'(begin (load "{SCRIPT}") {" ".join(calls)} (gimp-quit 1))'
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        ["timeout", "120", "gimp", "-i", "-d", "-f", "-b", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def brought_back(scene, path):
    file = read_edited(path, (scene.camera.width, scene.camera.height), scene.alpha is not None)
    return bring_in(scene, file, inpaint_smooth)


@pytest.mark.program
@pytest.mark.skipif(shutil.which("gimp") is None, reason="needs GIMP 2.10: apt-get install gimp")
def test_what_gimp_saves_comes_back(tmp_path):
    scene = picture_scene(skimage.data.astronaut()[::2, ::2])
    for name, each in {**UNTOUCHED, "picture": scene}.items():
        (tmp_path / f"{name}.psd").write_bytes(encode_psd(each))
    calls = [f'(resave "{tmp_path / name}.psd" "{tmp_path / name}-saved.psd")' for name in UNTOUCHED]
    said = in_gimp(tmp_path, *calls, f'(edit "{tmp_path}/picture.psd" "{tmp_path}/picture-saved.psd")')
    assert (tmp_path / "picture-saved.psd").exists(), said
    for name, each in UNTOUCHED.items():
        outcome = brought_back(each, tmp_path / f"{name}-saved.psd")
        assert_same_scene(outcome.scene, each)
        assert outcome.is_unchanged, name
    assert_edited(brought_back(scene, tmp_path / "picture-saved.psd"), scene)


def assert_edited(outcome, scene):
    """Painted, deleted, moved by (7, -4), masked on its left, renamed, hidden, one new: as the script does."""
    changes = {fate.id: fate.changes for fate in outcome.fates}
    assert changes == {
        "layer-0": ("repainted",), "layer-2": ("moved",), "layer-3": ("masked",), "layer-4": ("renamed",),
        "post": ("new",),
    }  # fmt: skip
    assert (outcome.gone, outcome.hidden, outcome.notes) == (("010 disc 1",), ("050 disc 5",), ())
    now, was = {layer.id: layer for layer in outcome.scene.layers}, {layer.id: layer for layer in scene.layers}
    box = np.s_[12:20, 10:30]
    assert (to_levels(now["layer-0"].rgba)[box] == (255, 0, 0, 255)).all()
    assert not now["layer-0"].filled[box].any()
    np.testing.assert_array_equal(now["layer-0"].z, was["layer-0"].z)
    x, y = was["layer-2"].corner
    assert_same_scene(
        replace(scene, layers=(scene.layers[0], now["layer-2"])),
        replace(scene, layers=(scene.layers[0], replace(was["layer-2"], corner=(x + 7, y - 4)))),
    )
    cut = 128 - was["layer-3"].corner[0]
    np.testing.assert_array_equal(now["layer-3"].rgba[:, cut:], was["layer-3"].rgba[:, cut:])
    np.testing.assert_array_equal(now["layer-3"].z, was["layer-3"].z)
    assert not now["layer-3"].rgba[:, :cut, 3].any()
    assert (now["layer-4"].name, now["layer-4"].z is was["layer-4"].z) == ("the near one", True)
    assert now["post"].plane == "foreground"
    assert now["post"].depth < now["layer-4"].depth
