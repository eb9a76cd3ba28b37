"""Every way to write a .psd, masks, whole canvas, data beside the layers, run lengths, adds up and comes back."""

import io
import itertools
import struct
from xml.etree import ElementTree

import cv2
import numpy as np
import psd_tools.api.utils
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from psd_tools import PSDImage
from psd_tools.constants import BlendMode, Resource, Tag
from typer.testing import CliRunner

from extreme_scene import extreme_scene
from multiplane.formats.facts import read_facts
from multiplane.formats.png import encode_png
from multiplane.formats.psd import encode_psd
from multiplane.formats.psd_extras import EXTRAS
from multiplane.formats.psd_read import read_psd
from multiplane.formats.psd_xmp import NAMESPACE
from multiplane.formats.save import save
from multiplane.inpaint.smooth import inpaint_smooth
from multiplane.pixels.levels import to_levels, top_level
from multiplane.pixels.over import over
from multiplane.reconcile.bring_in import bring_in
from multiplane_cli.main import app
from scenes import HOSTILE_NAMES, assert_same_scene, hostile_scene, noise_scene, photo_of, picture_scene

VARIANTS = {
    "masks": {"masks": True},
    "full canvas": {"full_canvas": True},
    "masks on the full canvas": {"masks": True, "full_canvas": True},
    "extras": {"extras": EXTRAS},
    "everything": {"masks": True, "full_canvas": True, "extras": EXTRAS},
    "in run lengths": {"packing": "rle"},
    "everything in run lengths": {"masks": True, "extras": EXTRAS, "packing": "rle"},
}
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
BLENDS = {BlendMode.NORMAL: "normal", BlendMode.MULTIPLY: "multiply"}


def opened(data):
    return PSDImage.open(io.BytesIO(data))


def scene_layers(picture):
    """Layers outside the group of extras, bottom to top."""
    roots = [row for row in picture if row.name != "multiplane extras"]
    rows = itertools.chain.from_iterable([root, *(root.descendants() if root.is_group() else ())] for root in roots)
    return [row for row in rows if not row.is_group()]


def extras(picture):
    return next(row for row in picture if row.name == "multiplane extras")


def shown(layer, bit_depth):
    """Levels (h, w, 4) with the mask in the alpha."""
    rgba = to_levels(np.asarray(layer.numpy(), np.float32), bit_depth)
    if layer.has_mask():
        top = top_level(bit_depth)
        assert (rgba[..., 3] == top).all()
        assert layer.mask.bbox == layer.bbox
        assert layer.mask.background_color == 0
        rgba[..., 3] = to_levels(np.asarray(layer.numpy("mask")[..., 0], np.float32), bit_depth)
    return rgba


def composited(picture):
    """Layer over layer with rounding, from nothing but the file."""
    canvas = np.zeros((picture.height, picture.width, 3), np.uint8 if picture.depth == 8 else np.uint16)
    for layer in scene_layers(picture):
        window = canvas[layer.top : layer.bottom, layer.left : layer.right]
        window[:] = over(shown(layer, picture.depth), window, BLENDS[layer.blend_mode])
    return canvas


def assert_comes_back(data, scene):
    canvas = scene.camera.width, scene.camera.height
    outcome = bring_in(scene, read_psd(memoryview(data), canvas, scene.alpha is not None), inpaint_smooth)
    assert_same_scene(outcome.scene, scene)
    assert (outcome.is_unchanged, outcome.notes) == (True, ())


class TestEveryVariant:
    @settings(max_examples=40)
    @given(
        st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.sampled_from([8, 16]),
        *[st.booleans()] * 3, st.sampled_from(sorted(VARIANTS)),
    )  # fmt: skip
    def test_adds_up_to_the_photo_and_comes_back(
        self, seed, width, height, count, bit_depth, transparent, shadow, large, name
    ):
        scene = noise_scene(seed, width, height, count, bit_depth, transparent, shadow)
        data = encode_psd(scene, large=large, **VARIANTS[name])
        np.testing.assert_array_equal(composited(opened(data)), photo_of(scene))
        assert_comes_back(data, scene)

    @pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
    def test_holds_the_hostile_scene(self, options, monkeypatch):
        monkeypatch.setattr(psd_tools.api.utils, "MAX_DIMENSION_PSD", 300_000)  # of a .psd; psd-tools asks it of all
        scene = extreme_scene()
        data = encode_psd(scene, large=True, **options)
        picture = opened(data)
        assert [layer.name for layer in scene_layers(picture)] == [layer.name for layer in scene.layers]
        if not options.get("full_canvas"):  # forty times the canvas: slow to unpack, and tested above
            np.testing.assert_array_equal(composited(picture), photo_of(scene))
            assert_comes_back(data, scene)

    def test_is_the_same_bytes_for_the_same_scene(self):
        for options in VARIANTS.values():
            assert encode_psd(noise_scene(), **options) == encode_psd(noise_scene(), **options)


class TestMasks:
    def test_hold_the_alpha_over_colours_that_go_on(self):
        scene = picture_scene(skimage.data.coffee()[::2, ::2])
        for got, want in zip(scene_layers(opened(encode_psd(scene, masks=True))), scene.layers, strict=True):
            alpha = to_levels(want.rgba[..., 3])
            assert got.has_mask() == (alpha.min() < 255)
            rgba = shown(got, 8)
            np.testing.assert_array_equal(rgba[..., 3], alpha)
            colours = {*map(tuple, to_levels(want.rgba)[alpha > 0][:, :3])}
            assert {*map(tuple, rgba[alpha == 0][:, :3])} <= colours


class TestExtras:
    def picture(self, scene, **options):
        return opened(encode_psd(scene, extras=EXTRAS, **options))

    def test_are_hidden_on_top_outside_the_photos_mask(self):
        picture = self.picture(noise_scene(2, count=3, transparent=True))
        assert [row.name for row in picture] == ["photo", "multiplane extras"]
        assert not extras(picture).visible
        assert [(group.name.split(":")[0], group.visible) for group in extras(picture)] == [
            ("depth", True), ("normals", False), ("fill mask", False),
        ]  # fmt: skip
        assert not any(layer.is_visible() for layer in extras(picture).descendants())

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_depth_comes_back_by_the_formula_of_its_name(self, bit_depth):
        scene = noise_scene(2, count=4, bit_depth=bit_depth)
        group = extras(self.picture(scene))[0]
        near, far = (float(group.name.split(word)[1].split(",")[0]) for word in ("white ", "black "))
        for got, want in zip(group, scene.layers, strict=True):
            grey = np.asarray(got.numpy("color"), np.float64)
            assert (grey == grey[..., :1]).all()
            disparity = 1 / far + grey[..., 0] * (1 / near - 1 / far)
            np.testing.assert_allclose(disparity, 1 / want.z, atol=1e-3 if bit_depth == 16 else 5e-3)
            np.testing.assert_array_equal(shown(got, bit_depth)[..., 3], to_levels(want.rgba[..., 3], bit_depth))

    def test_fill_masks_are_white_where_something_was_invented(self):
        scene = noise_scene(2, count=4)
        masks = {layer.name.removesuffix(" fill mask"): layer for layer in extras(self.picture(scene))[2]}
        for layer in scene.layers:
            invented = layer.filled & layer.visible
            assert (layer.name in masks) == bool(invented.any())
            if invented.any():
                got = np.zeros(invented.shape, np.uint8)
                row = masks[layer.name]
                x, y = row.left - layer.corner[0], row.top - layer.corner[1]
                pixels = shown(row, 8)
                assert (pixels[..., :3] == 255).all()
                got[y : y + row.height, x : x + row.width] = pixels[..., 3]
                np.testing.assert_array_equal(got > 0, invented)

    def test_normals_are_units_that_face_the_viewer_where_the_surface_does(self):
        scene = picture_scene(skimage.data.coffee()[::4, ::4])
        for layer in extras(self.picture(scene))[1]:
            normals = np.asarray(layer.numpy("color")) * 2 - 1
            np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=0.02)
        backdrop = np.asarray(extras(self.picture(scene))[1][0].numpy("color")) * 255
        np.testing.assert_allclose(backdrop, np.broadcast_to([127.5, 127.5, 255], backdrop.shape), atol=1)

    def test_shadows_have_none(self):
        scene = noise_scene(3, count=4, shadow=True)
        names = {layer.name for layer in extras(self.picture(scene)).descendants()}
        assert not any(name.startswith(scene.layers[1].name) for name in names)

    def test_leave_the_layers_numbers_alone(self):
        scene = hostile_scene()
        plain, more = opened(encode_psd(scene)), self.picture(scene)
        assert [x.layer_id for x in scene_layers(plain)] == [x.layer_id for x in scene_layers(more)]
        rows = more._record.layer_and_mask_information.layer_info.layer_records
        numbers = [row.tagged_blocks.get_data(Tag.LAYER_ID) for row in rows]
        assert len(set(numbers)) == len(numbers)

    def test_inspect_leaves_them_out(self, tmp_path):
        (tmp_path / "a.psd").write_bytes(encode_psd(noise_scene(count=4), extras=EXTRAS))
        assert [layer.name for layer in read_facts(tmp_path / "a.psd").layers] == [
            layer.name for layer in noise_scene(count=4).layers
        ]


def metadata(data):
    """The packet's description, and the facts of each layer."""
    packet = opened(data).image_resources.get_data(Resource.XMP_METADATA)
    assert packet.startswith(b'<?xpacket begin="\xef\xbb\xbf"')
    assert packet.endswith(b'<?xpacket end="w"?>')
    description = ElementTree.fromstring(packet).find(f".//{RDF}Description")
    items = description.iter(f"{RDF}li")
    return description, [{fact.tag.removeprefix(f"{{{NAMESPACE}}}"): fact.text for fact in item} for item in items]


class TestMetadata:
    def test_says_of_each_layer_what_its_row_does_not(self):
        scene = noise_scene(3, count=4, shadow=True)
        description, layers = metadata(encode_psd(scene))
        assert description.find(f"{{{NAMESPACE}}}depthModel").text == "random"
        rows = scene_layers(opened(encode_psd(scene)))
        for facts, row, layer in zip(layers, rows, scene.layers, strict=True):
            assert (facts["number"], facts["id"], facts["name"]) == (str(row.layer_id), layer.id, layer.name)
            assert (facts["label"], facts["plane"]) == (layer.label, layer.plane)
            assert float(facts["depth"]) == pytest.approx(layer.depth, rel=1e-5)
            assert facts.get("shadowOf") == layer.caster

    def test_of_a_layer_travels_with_its_row(self):
        scene = noise_scene(3, count=4, shadow=True)
        data = encode_psd(scene, extras=EXTRAS)
        _, of_document = metadata(data)
        for facts, row in zip(of_document, scene_layers(opened(data)), strict=True):
            (item,) = row.tagged_blocks.get_data(Tag.METADATA_SETTING)
            assert (item.key, item.copy_on_sheet) == (b"mpln", True)
            (description,) = ElementTree.fromstring(item.data).iter(f"{RDF}Description")
            assert {fact.tag.removeprefix(f"{{{NAMESPACE}}}"): fact.text for fact in description} == facts
        assert not any(Tag.METADATA_SETTING in row.tagged_blocks for row in extras(opened(data)).descendants())

    def test_names_the_licence_of_a_model_that_has_one(self):
        scene = noise_scene()
        object.__setattr__(scene.origin, "depth", "depth-anything-v2-base")
        description, _ = metadata(encode_psd(scene))
        assert description.find(f"{{{NAMESPACE}}}depthModelLicence").text == "CC-BY-NC-4.0"

    def test_holds_any_name(self):
        names = (*HOSTILE_NAMES, "a\r<b>&amp;]]>\x00\ud800")
        _, layers = metadata(encode_psd(noise_scene(count=len(names), names=names)))
        assert [facts["name"] for facts in layers] == [*HOSTILE_NAMES, "a\r<b>&amp;]]>??"]


def test_rows_carry_their_planes_colour():
    picture = opened(encode_psd(noise_scene(count=3), extras=EXTRAS))
    colours = {row.name: row.tagged_blocks.get_data(Tag.SHEET_COLOR_SETTING).value for row in picture.descendants()}
    assert [colours[plane] for plane in ("background", "midground", "foreground", "multiplane extras")] == [5, 3, 2, 7]
    assert colours["000 thing 0"] == 5


def test_zipped_layers_are_the_default_and_about_as_small_as_pngs():
    picture = cv2.resize(skimage.data.coffee(), (600, 400), interpolation=cv2.INTER_AREA)
    scene = picture_scene(picture)
    zipped, packed = encode_psd(scene), encode_psd(scene, packing="rle")
    pngs = sum(len(encode_png(to_levels(layer.rgba))) for layer in scene.layers)
    assert len(zipped) - picture.nbytes < 1.2 * pngs
    assert len(packed) > 1.1 * len(zipped)
    for data, method in ((zipped, 3), (packed, 1)):
        bottom = scene_layers(opened(data))[0]
        assert {int(channel.compression) for channel in bottom._channels} == {method}
    np.testing.assert_array_equal(composited(opened(packed)), picture)


def test_deep_merged_pictures_are_stored_as_photoshop_does():
    data = encode_psd(noise_scene(bit_depth=16))
    assert struct.unpack(">H", data[-17 * 23 * 6 - 2 :][:2]) == (0,)
    np.testing.assert_array_equal(
        np.frombuffer(data[-17 * 23 * 6 :], ">u2").reshape(3, 17, 23),
        np.moveaxis(photo_of(noise_scene(bit_depth=16)), -1, 0),
    )


class TestCommandLine:
    @pytest.fixture
    def scene(self, tmp_path):
        save(noise_scene(2, transparent=True), tmp_path / "a.multiplane")
        return tmp_path / "a.multiplane"

    def export(self, *words):
        return CliRunner().invoke(app, ["export", *map(str, words)])

    @pytest.mark.parametrize("suffix", [".psd", ".psb"])
    def test_options_reach_the_file(self, scene, suffix):
        out = scene.with_suffix(suffix)
        more = ["--masks", "--full-canvas", "--with", "Depth, fill-mask", "--packing", "rle"]
        assert self.export(scene, out, *more).exit_code == 0
        assert out.read_bytes() == encode_psd(
            noise_scene(2, transparent=True), True, suffix == ".psb", True, ("depth", "fill-mask"), "rle"
        )

    @pytest.mark.parametrize("option", [["--masks"], ["--full-canvas"], ["--with", "depth"], ["--packing", "zip"]])
    def test_options_are_refused_where_they_mean_nothing(self, scene, option):
        done = self.export(scene, scene.with_suffix(".glb"), *option)
        assert done.exit_code == 2
        assert f"{option[0]} is for Photoshop files" in done.output
        assert not scene.with_suffix(".glb").exists()

    @pytest.mark.parametrize(("words", "said"), [("depth,colour", "'colour' is not one of"), (" , ", "nothing is not")])
    def test_unknown_extras_are_named(self, scene, words, said):
        done = self.export(scene, scene.with_suffix(".psd"), "--with", words)
        assert (done.exit_code, said in done.output) == (2, True)
