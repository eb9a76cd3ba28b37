"""The command line on real photographs and on bad input: files, exit codes, one clear line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane.photo.read import read_photo
from multiplane.pixels.levels import to_levels
from multiplane.pixels.over import flatten

SAMPLES = Path(__file__).parent.parent / "samples"
PHOTOS = sorted([*SAMPLES.glob("*.png"), *SAMPLES.glob("*.jpg"), SAMPLES / "cards" / "photo.png"])
FAST = ("--matte", "guided", "--inpaint", "smooth", "--to", "")


def multiplane(*words, **options):
    """Run the installed command; gives the finished process."""
    command = [Path(sys.executable).parent / "multiplane", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)


def assert_one_clear_line(done):
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("multiplane: ")


def exact(scene_path, photo_path):
    scene, photo = load_scene(scene_path), read_photo(photo_path)
    flat = flatten(scene.layers, scene.camera.height, scene.camera.width, scene.bit_depth)
    return np.array_equal(flat, to_levels(photo.rgb, photo.bit_depth))


@pytest.fixture(scope="module")
def coffee(tmp_path_factory):
    """The results of one full run on a real photo."""
    out = tmp_path_factory.mktemp("coffee")
    done = multiplane("decompose", SAMPLES / "coffee.png", "-o", out, "--to", "psd,glb,mp4,png,sheet,ply")
    assert done.returncode == 0, done.stderr
    return out, done


def test_every_asked_file_is_there_and_named(coffee):
    out, done = coffee
    names = {
        "coffee.multiplane",
        "coffee.psd",
        "coffee.glb",
        "coffee.mp4",
        "coffee-layers",
        "coffee-sheet.png",
        "coffee.ply",
    }
    assert {path.name for path in out.iterdir()} == names
    assert all(str(out / name) in done.stdout for name in names)
    assert done.stderr == "", "quiet in a pipe"


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda path: path.stem)
def test_every_sample_comes_back_in_every_byte(photo, tmp_path):
    done = multiplane("decompose", photo, "-o", tmp_path, "--to", "")
    assert done.returncode == 0, done.stderr
    assert exact(tmp_path / f"{photo.stem}.multiplane", photo)


def test_json_is_one_object(tmp_path):
    done = multiplane("decompose", SAMPLES / "coffee.png", "-o", tmp_path, *FAST, "--json")
    facts = json.loads(done.stdout)
    assert Path(facts["files"]["scene"]).exists()
    assert facts["layers"][0]["plane"] == "background"
    assert facts["seconds"]["depth"] >= 0


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        done = multiplane("decompose", SAMPLES / "coffee.png", "-o", tmp_path / name, "--to", "psd,glb", "--seed", 7)
        assert done.returncode == 0, done.stderr
    for kind in ("multiplane", "psd", "glb"):
        assert (tmp_path / "a" / f"coffee.{kind}").read_bytes() == (tmp_path / "b" / f"coffee.{kind}").read_bytes()


def test_export_starts_from_a_scene(coffee, tmp_path):
    out, _ = coffee
    done = multiplane("export", out / "coffee.multiplane", tmp_path / "again.psd")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.psd").read_bytes() == (out / "coffee.psd").read_bytes()


def test_export_without_a_suffix_gives_a_folder_of_layers(coffee, tmp_path):
    done = multiplane("export", coffee[0] / "coffee.multiplane", tmp_path / "layers")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "layers" / "layers.json").exists()


def test_render_starts_from_a_scene(coffee, tmp_path):
    clip = tmp_path / "short.mp4"
    done = multiplane("render", coffee[0] / "coffee.multiplane", clip, "--seconds", "0.5", "--max-side", "128")
    assert done.returncode == 0, done.stderr
    assert clip.stat().st_size > 1000


def test_inspect_prints_no_name_that_steers_the_terminal(coffee, tmp_path):
    """Also where the terminal's encoding cannot hold it."""
    scene = load_scene(coffee[0] / "coffee.multiplane")
    named = replace(scene.layers[-1], name="red \x1b[31m\nlamp")
    save(replace(scene, layers=(*scene.layers[:-1], named)), tmp_path / "é.multiplane")
    done = multiplane("inspect", tmp_path / "é.multiplane", env={**os.environ, "PYTHONIOENCODING": "ascii:strict"})
    assert done.returncode == 0, done.stderr
    assert "red ?[31m?lamp" in done.stdout


@pytest.mark.parametrize("kind", ["multiplane", "psd", "glb"])
def test_inspect_lists_every_layer(coffee, kind):
    out, _ = coffee
    done = multiplane("inspect", out / f"coffee.{kind}")
    assert done.returncode == 0, done.stderr
    for layer in load_scene(out / "coffee.multiplane").layers:
        assert layer.name in done.stdout


def test_version_and_usage():
    assert multiplane("--version").stdout.startswith("multiplane 0.")
    assert multiplane("decompose").returncode == 2
    assert multiplane("decompose", "photo.jpg", "-o", "x", "--to", "gif").returncode == 2
    assert multiplane("nonsense").returncode == 2


def test_help_comes_quickly():
    """Half a second is the bar; the best of five, since the machine may be busy."""

    def seconds():
        began = time.perf_counter()
        assert multiplane("--help").returncode == 0
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.5


def test_two_clips_of_one_scene_are_the_same_bytes(coffee, tmp_path):
    clips = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for clip in clips:
        multiplane("render", coffee[0] / "coffee.multiplane", clip, "--seconds", "1", "--max-side", "300")
    assert clips[0].read_bytes() == clips[1].read_bytes()


def test_a_clip_is_called_what_it_is(coffee, tmp_path):
    done = multiplane("render", coffee[0] / "coffee.multiplane", tmp_path / "clip.avi")
    assert_one_clear_line(done)
    assert ".mp4" in done.stderr


def test_nothing_is_replaced_unasked(tmp_path):
    words = ("decompose", SAMPLES / "coffee.png", "-o", tmp_path, *FAST)
    assert multiplane(*words).returncode == 0
    before = (tmp_path / "coffee.multiplane").read_bytes()
    done = multiplane(*words, "--layers", "2")
    assert_one_clear_line(done)
    assert "--force" in done.stderr
    assert (tmp_path / "coffee.multiplane").read_bytes() == before
    assert multiplane(*words, "--layers", "2", "--force").returncode == 0
    assert (tmp_path / "coffee.multiplane").read_bytes() != before


def save_picture(path, mode="RGB", size=(40, 30), **options):
    rng = np.random.default_rng(0)
    bands = len(Image.new(mode, (1, 1)).getbands())
    shape = (size[1], size[0], bands) if bands > 1 else (size[1], size[0])
    Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8), mode).save(path, **options)
    return path


class TestBadInput:
    def run(self, photo, tmp_path, *more):
        out = tmp_path / "out"
        done = multiplane("decompose", photo, "-o", out, *FAST, *more)
        return done, out

    @pytest.mark.parametrize(
        ("name", "data"),
        [("missing.png", None), ("empty.png", b""), ("words.jpg", b"these are words, not a picture" * 9)],
    )
    def test_what_is_no_picture_gives_one_line(self, name, data, tmp_path):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        done, out = self.run(path, tmp_path)
        assert_one_clear_line(done)
        assert name in done.stderr
        assert not out.exists()

    @pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
    def test_half_a_picture_gives_one_line(self, suffix, tmp_path):
        whole = save_picture(tmp_path / f"whole.{suffix}", size=(200, 200)).read_bytes()
        half = tmp_path / f"half.{suffix}"
        half.write_bytes(whole[: len(whole) // 2])
        done, out = self.run(half, tmp_path)
        assert_one_clear_line(done)
        assert not out.exists()

    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path):
        bomb = tmp_path / "bomb.png"
        Image.new("1", (20000, 10000)).save(bomb)
        done, _ = self.run(bomb, tmp_path)
        assert_one_clear_line(done)
        assert "20000" in done.stderr

    @pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 50)])
    def test_tiny_pictures_work(self, size, tmp_path):
        photo = save_picture(tmp_path / "tiny.png", size=size)
        done, out = self.run(photo, tmp_path)
        assert done.returncode == 0, done.stderr
        assert exact(out / "tiny.multiplane", photo)

    @pytest.mark.parametrize(
        ("mode", "suffix"),
        [("CMYK", "jpg"), ("CMYK", "tif"), ("P", "png"), ("L", "png"), ("LA", "png"), ("RGBA", "png")],
    )
    def test_every_colour_mode_works(self, mode, suffix, tmp_path):
        photo = tmp_path / f"picture.{suffix}"
        picture = Image.open(save_picture(tmp_path / "rgb.png"))
        picture.convert(mode).save(photo)
        done, out = self.run(photo, tmp_path)
        assert done.returncode == 0, done.stderr
        assert exact(out / "picture.multiplane", photo)

    def test_sixteen_bits_stay_sixteen_bits(self, tmp_path):
        import cv2

        photo = tmp_path / "deep.png"
        deep = np.random.default_rng(0).integers(0, 65536, (30, 40, 3)).astype(np.uint16)
        cv2.imwrite(str(photo), deep)
        done, out = self.run(photo, tmp_path)
        assert done.returncode == 0, done.stderr
        assert load_scene(out / "deep.multiplane").bit_depth == 16
        assert exact(out / "deep.multiplane", photo)

    def test_an_animation_gives_its_first_frame(self, tmp_path):
        frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
        photo = tmp_path / "moving.gif"
        frames[0].save(photo, save_all=True, append_images=frames[1:])
        done, out = self.run(photo, tmp_path)
        assert done.returncode == 0, done.stderr
        scene = load_scene(out / "moving.multiplane")
        assert scene.layers[0].rgba[0, 0, 0] == 1.0

    def test_a_depth_map_of_another_size_gives_one_line(self, tmp_path):
        photo = save_picture(tmp_path / "photo.png")
        depth = save_picture(tmp_path / "depth.png", mode="L", size=(17, 99))
        done, out = self.run(photo, tmp_path, "--depth", depth)
        assert_one_clear_line(done)
        assert "17" in done.stderr
        assert not out.exists()

    def test_an_unknown_backend_gives_one_line_with_the_choices(self, tmp_path):
        photo = save_picture(tmp_path / "photo.png")
        for option in ("--depth", "--segment", "--matte", "--inpaint"):
            done, _ = self.run(photo, tmp_path, option, "nonsense")
            assert_one_clear_line(done)
            assert "nonsense" in done.stderr

    def test_a_target_that_is_a_file_gives_one_line(self, tmp_path):
        photo = save_picture(tmp_path / "photo.png")
        taken = tmp_path / "out"
        taken.write_text("mine")
        done, _ = self.run(photo, tmp_path)
        assert_one_clear_line(done)
        assert taken.read_text() == "mine"

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a small disk needs root")
    @pytest.mark.parametrize("options", ["size=40k", "ro"])
    def test_a_full_or_read_only_disk_gives_one_line_and_leaves_no_rest(self, options, tmp_path):
        photo = save_picture(tmp_path / "photo.png", size=(400, 300))
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", disk], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip("this machine does not let us mount a small disk")
        try:
            done = multiplane("decompose", photo, "-o", disk, *FAST)
            assert_one_clear_line(done)
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run(["umount", disk], check=True)

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a small disk needs root")
    def test_force_on_a_full_disk_leaves_all_that_was_there(self, tmp_path):
        """The scene would fit beside the old files, but not the Photoshop file after it."""
        photo = save_picture(tmp_path / "photo.png", size=(300, 200))
        assert multiplane("decompose", photo, "-o", tmp_path / "out", *FAST).returncode == 0
        room = (tmp_path / "out" / "photo.multiplane").stat().st_size // 1024 + 48
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={room}k", "none", disk]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("this machine does not let us mount a small disk")
        try:
            for kind in ("multiplane", "psd"):
                (disk / f"photo.{kind}").write_text("mine")
            assert_one_clear_line(multiplane("decompose", photo, "-o", disk, *FAST[:-1], "psd,png", "--force"))
            assert {path.read_text() for path in disk.iterdir()} == {"mine"}
            assert len(list(disk.iterdir())) == 2
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_names_longer_than_a_disk_takes_give_one_line(self, tmp_path):
        photo, long = save_picture(tmp_path / "photo.png"), "y" * 300
        for words in (("--depth", long), ("--segment", long), ("-o", tmp_path / long)):
            assert_one_clear_line(self.run(photo, tmp_path, *words)[0])
        assert_one_clear_line(self.run(tmp_path / long, tmp_path)[0])

    @pytest.mark.parametrize("name", ["depth", "segment"])
    def test_the_home_of_nobody_gives_one_line(self, name, tmp_path):
        photo = save_picture(tmp_path / "photo.png")
        assert_one_clear_line(self.run(photo, tmp_path, f"--{name}", "~nobody-is-called-so")[0])

    @pytest.mark.skipif(os.name != "posix", reason="elsewhere names are Unicode")
    def test_json_is_unicode_whatever_bytes_a_name_holds(self, tmp_path):
        photo = tmp_path / os.fsdecode(b"\xff\xfe.png")
        save_picture(tmp_path / "photo.png").rename(photo)
        done = multiplane("decompose", photo, "-o", tmp_path / "out", *FAST, "--json")
        assert Path(json.loads(done.stdout)["files"]["scene"]).exists()

    @pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_being_stopped_leaves_what_was_there_and_one_line(self, sent, code, tmp_path):
        (tmp_path / "coffee.multiplane").write_text("mine")
        command = [Path(sys.executable).parent / "multiplane", "decompose", SAMPLES / "coffee.png", "-o", tmp_path]
        running = subprocess.Popen([*command, "--force"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        running.send_signal(sent)
        out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (code, "")
        assert err == "multiplane: stopped; nothing half written is left behind\n"
        assert [path.name for path in tmp_path.iterdir()] == ["coffee.multiplane"]
        assert (tmp_path / "coffee.multiplane").read_text() == "mine"

    @pytest.mark.parametrize("name", ["not.multiplane", "none.multiplane"])
    def test_a_scene_that_is_none_gives_one_line(self, name, tmp_path):
        (tmp_path / "not.multiplane").write_bytes(b"PK not a zip")
        for words in (("inspect",), ("export", "x.psd"), ("render", "x.mp4")):
            done = multiplane(words[0], tmp_path / name, *[tmp_path / word for word in words[1:]])
            assert_one_clear_line(done)
