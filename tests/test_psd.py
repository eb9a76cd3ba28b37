"""A Photoshop file read by others, psd-tools and GIMP, holds our layers to the bit, and they blend to the photo."""

import io
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms
from psd_tools import PSDImage
from psd_tools.composite import composite
from psd_tools.constants import BlendMode, Resource

from multiplane.errors import FormatError
from multiplane.formats import psd_records
from multiplane.formats.psd import encode_psd
from multiplane.pixels.bleed import bleed
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import over
from multiplane.scene import Camera
from scenes import HOSTILE_NAMES, hostile_scene, noise_scene, photo_of, picture_scene

GIMP = shutil.which("gimp")


def opened(data):
    return PSDImage.open(io.BytesIO(data))


def layers_of(psd):
    return [layer for layer in psd.descendants() if not layer.is_group()]


def pixels_of(layer, bit_depth):
    """(h, w, 4) levels of a layer, as psd-tools hands them over."""
    return np.rint(layer.numpy() * top_level(bit_depth)).astype(np.uint8 if bit_depth == 8 else np.uint16)


def blended(psd, scene):
    """What an editor shows: the layers psd-tools reads, one over the other with rounding."""
    canvas = np.zeros((psd.height, psd.width, 3), np.uint8 if scene.bit_depth == 8 else np.uint16)
    for layer in layers_of(psd):
        window = canvas[layer.top : layer.bottom, layer.left : layer.right]
        blend = "multiply" if layer.blend_mode == BlendMode.MULTIPLY else "normal"
        window[:] = over(pixels_of(layer, scene.bit_depth), window, blend)
    return canvas


class TestReadByPsdTools:
    @settings(max_examples=20, deadline=None)
    @given(
        st.integers(0, 2**32),
        st.integers(1, 40),
        st.integers(1, 40),
        st.integers(1, 5),
        st.sampled_from([8, 16]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    def test_the_layers_blend_to_the_photo_to_the_bit(
        self, seed, width, height, count, bit_depth, transparent, shadow, full_canvas, large
    ):
        scene = noise_scene(seed, width, height, count, bit_depth, transparent, shadow)
        psd = opened(encode_psd(scene, full_canvas, large))
        np.testing.assert_array_equal(blended(psd, scene), photo_of(scene))

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_each_layer_has_its_place_pixels_and_bled_colours(self, bit_depth):
        scene = noise_scene(7, bit_depth=bit_depth, shadow=True)
        psd = opened(encode_psd(scene))
        assert psd.depth == bit_depth
        for mine, theirs in zip(scene.layers, layers_of(psd), strict=True):
            assert (theirs.name, theirs.offset, theirs.size) == (mine.name, mine.corner, (mine.width, mine.height))
            assert theirs.blend_mode == (BlendMode.MULTIPLY if mine.blend == "multiply" else BlendMode.NORMAL)
            wanted = bleed(to_levels(mine.rgba, bit_depth))
            np.testing.assert_array_equal(pixels_of(theirs, bit_depth), wanted)

    def test_a_full_canvas_shows_the_same_at_full_size(self):
        scene = noise_scene(7, shadow=True)
        trimmed, full = opened(encode_psd(scene)), opened(encode_psd(scene, full_canvas=True))
        for small, large in zip(layers_of(trimmed), layers_of(full), strict=True):
            assert (large.offset, large.size) == ((0, 0), (scene.camera.width, scene.camera.height))
            pixels = pixels_of(large, 8)
            x, y = small.offset
            window = pixels[y : y + small.height, x : x + small.width].copy()
            np.testing.assert_array_equal(window, pixels_of(small, 8))
            pixels[y : y + small.height, x : x + small.width, 3] = 0
            assert not pixels[..., 3].any()

    def test_planes_are_groups_and_only_those_present(self):
        psd = opened(encode_psd(noise_scene(count=2)))
        assert [group.name for group in psd] == ["background", "midground"]
        assert all(group.blend_mode == BlendMode.PASS_THROUGH for group in psd)

    def test_the_order_comes_before_the_grouping(self):
        scene = noise_scene(3, count=4)
        planes = ("background", "foreground", "midground", "foreground")
        layers = tuple(replace(layer, plane=plane) for layer, plane in zip(scene.layers, planes, strict=True))
        scene = replace(scene, layers=layers)
        psd = opened(encode_psd(scene))
        assert [group.name for group in psd] == ["background", "foreground", "midground", "foreground 2"]
        np.testing.assert_array_equal(blended(psd, scene), photo_of(scene))

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_every_name_is_kept(self, bit_depth):
        psd = opened(encode_psd(hostile_scene(bit_depth)))
        assert [layer.name for layer in layers_of(psd)] == list(HOSTILE_NAMES)
        identities = [layer.layer_id for layer in psd.descendants()]
        assert len(set(identities)) == len(identities)

    def test_forty_layers_are_kept(self):
        scene = noise_scene(count=40)
        psd = opened(encode_psd(scene))
        assert len(layers_of(psd)) == 40
        np.testing.assert_array_equal(blended(psd, scene), photo_of(scene))

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_the_merged_picture_is_the_photo(self, bit_depth):
        scene = noise_scene(4, bit_depth=bit_depth, shadow=True)
        psd = opened(encode_psd(scene))
        assert psd.has_preview()
        np.testing.assert_array_equal(pixels_of(psd, bit_depth), photo_of(scene))

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_the_photos_transparency_masks_everything(self, bit_depth):
        scene = noise_scene(4, bit_depth=bit_depth, shadow=True, transparent=True)
        psd = opened(encode_psd(scene))
        top, wanted = top_level(bit_depth), to_levels(scene.alpha, bit_depth)
        colour, _, alpha = composite(psd, force=True)
        np.testing.assert_array_equal(np.rint(alpha[..., 0] * top), wanted)
        shown = wanted > 0
        # psd-tools blends in floats: within one level, and mostly much nearer
        assert np.abs(colour * top - photo_of(scene))[shown].max() <= 1

    def test_the_merged_picture_of_a_transparent_photo_lies_on_white(self):
        scene = noise_scene(4, transparent=True)
        data = encode_psd(scene)
        merged = np.asarray(opened(data).topil())  # undoes the white, as every reader does
        alpha = to_levels(scene.alpha)
        np.testing.assert_array_equal(merged[..., 3], alpha)
        solid = alpha == 255
        np.testing.assert_array_equal(merged[solid][:, :3], photo_of(scene)[solid])
        raw = opened(data)._record.image_data.get_data(opened(data)._record.header)
        assert set(np.frombuffer(raw[0], np.uint8).reshape(alpha.shape)[alpha == 0]) <= {255}

    def test_the_profile_is_srgb_and_the_same_every_time(self):
        data = encode_psd(noise_scene())
        assert data == encode_psd(noise_scene())
        profile = opened(data).image_resources.get_data(Resource.ICC_PROFILE)
        assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))

    @pytest.mark.parametrize(("dpi", "wanted"), [(None, 72), (300.0, 300), (72.5, 72.5), (1e6, 32767)])
    def test_the_resolution_is_kept(self, dpi, wanted):
        resolution = opened(encode_psd(replace(noise_scene(), dpi=dpi))).image_resources.get_data(
            Resource.RESOLUTION_INFO
        )
        assert resolution.horizontal / 65536 == wanted


class TestLimits:
    @staticmethod
    def strip(width):
        scene = noise_scene(count=1, width=1, height=1)
        layer = scene.layers[0]
        rgba = np.broadcast_to(layer.rgba, (1, width, 4)).copy()
        wide = replace(layer, rgba=rgba, z=np.ones((1, width), np.float32), filled=np.zeros((1, width), bool))
        return replace(scene, camera=Camera(width, 1, 20.0), layers=(wide,))

    def test_a_psd_is_at_most_30000_wide_and_the_error_names_psb(self):
        with pytest.raises(FormatError, match=r"save as \.psb"):
            encode_psd(self.strip(30_001))
        assert opened(encode_psd(self.strip(30_000))).width == 30_000

    def test_a_psb_may_be_wider(self):
        psd = opened(encode_psd(self.strip(30_001), large=True))
        assert (psd.version, psd.width) == (2, 30_001)
        with pytest.raises(FormatError, match="use a smaller photo"):
            encode_psd(self.strip(300_001), large=True)

    def test_a_psd_is_at_most_2_gb_and_the_error_names_psb(self, monkeypatch):
        monkeypatch.setattr(psd_records, "LAST_PSD_BYTE", 3000)  # 2 GB of layers would take a minute to make
        with pytest.raises(FormatError, match=r"save as \.psb"):
            encode_psd(noise_scene())
        assert opened(encode_psd(noise_scene(), large=True)).version == 2


def test_half_a_megapixel_in_six_layers_is_written_in_time():
    random = np.random.default_rng(0)
    scene = picture_scene(random.integers(0, 255, (612, 816, 3), np.uint8))
    start = time.perf_counter()
    encode_psd(scene)
    assert time.perf_counter() - start < 1.5  # a quarter of the budget is 0.4 s; the rest is for a busy machine


def seen_by_gimp(data, folder):
    """GIMP's own list of the layers (path, id, name, is group, x, y, w, h, mode, mask), top first, and its folder."""
    source, script = folder / "scene.psd", Path(__file__).parent / "gimp_layers.scm"
    source.write_bytes(data)
    batch = f'(begin (load "{script}") (describe "{source}" "{folder}"))'
    command = ["timeout", "120", GIMP, "-i", "-d", "-f", "-s", "-b", batch, "-b", "(gimp-quit 0)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert (folder / "merged.png").exists(), done.stdout + done.stderr
    return (folder / "layers.txt").read_text()


def png(path):
    return imagecodecs.png_decode(path.read_bytes())


@pytest.mark.program
@pytest.mark.skipif(GIMP is None, reason="GIMP is not installed (apt-get install gimp)")
class TestReadByGimp:
    @pytest.mark.parametrize(("seed", "bit_depth", "transparent"), [(0, 8, False), (4, 8, True), (5, 16, True)])
    def test_layers_groups_offsets_names_and_pixels_are_ours(self, tmp_path, seed, bit_depth, transparent):
        scene = noise_scene(seed, bit_depth=bit_depth, transparent=transparent, shadow=True)
        listing = seen_by_gimp(encode_psd(scene), tmp_path).splitlines()
        found = [line for line in listing if " #f " in line][::-1]
        assert len(found) == len(scene.layers)
        for line, layer in zip(found, scene.layers, strict=True):
            groups = f'("photo" "{layer.plane}")' if transparent else f'("{layer.plane}")'
            identity = line.removeprefix(f"({groups} ").split(" ")[0]
            (x, y), blend = layer.corner, 30 if layer.blend == "multiply" else 28
            assert line == f'({groups} {identity} "{layer.name}" #f {x} {y} {layer.width} {layer.height} {blend} -1)'
            wanted = bleed(to_levels(layer.rgba, bit_depth))
            np.testing.assert_array_equal(png(tmp_path / f"{identity}.png"), wanted)
        merged = png(tmp_path / "merged.png")
        alpha = to_levels(scene.alpha, bit_depth) if transparent else np.full(merged.shape[:2], top_level(bit_depth))
        np.testing.assert_array_equal(merged[..., 3], alpha)
        # GIMP blends in floats: within one level
        assert np.abs(merged[..., :3].astype(int) - photo_of(scene))[alpha > 0].max() <= 1

    def test_every_name_arrives(self, tmp_path):
        listing = seen_by_gimp(encode_psd(hostile_scene()), tmp_path)
        for name in ("日本語のレイヤー", "Straße élan Ωμέγα", "👩\u200d🚀 astronaut", "../../etc/passwd"):
            assert f'"{name}"' in listing
