"""What `read_facts` says of a file is what the scene says, in every format, and damage is told in one line."""

import io
import json
import math
import zipfile
from dataclasses import replace

import numpy as np
import OpenEXR
import pygltflib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psd_tools import PSDImage

from multiplane.errors import FormatError
from multiplane.formats.after_effects import encode_after_effects
from multiplane.formats.archive import encode_archive
from multiplane.formats.blender import encode_blender
from multiplane.formats.contact_sheet import encode_contact_sheet
from multiplane.formats.exr import encode_exr
from multiplane.formats.facts import read_facts
from multiplane.formats.facts_rows import LayerFacts
from multiplane.formats.glb import encode_glb
from multiplane.formats.ora import encode_ora
from multiplane.formats.pptx import encode_pptx
from multiplane.formats.psd import encode_psd
from multiplane.formats.save import save
from multiplane.formats.sequence import write_sequence
from multiplane.formats.usdz import encode_usdz
from multiplane.render.budget import safe_parallax
from multiplane.render.video import encode_mp4
from needs_page import page_is_built
from scenes import hostile_scene, noise_scene, picture_scene
from tolerances import SOLVER

SUFFIXES = (".multiplane", ".psd", ".psb", ".ora", ".exr", ".glb", ".usdz", ".pptx", ".jsx", ".py", ".ply", ".png")
DESCRIBED = {
    ".jsx": "After Effects script",
    ".py": "Blender script",
    ".ply": "point cloud",
    ".png": "contact sheet",
}
PICTURE = picture_scene(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
ENCODERS = [encode_psd, encode_glb, encode_archive, encode_ora, encode_exr, encode_usdz, encode_pptx]
SCENES = {
    "noise": noise_scene(1, count=5),
    "hostile": hostile_scene(),
    "deep": noise_scene(2, bit_depth=16, transparent=True),
    "shadow": noise_scene(4, shadow=True, transparent=True),
    "picture": PICTURE,
}


def facts_of(scene, folder, suffix):
    save(scene, folder / f"scene{suffix}")
    return read_facts(folder / f"scene{suffix}")


def depth_range(layer):
    solid = layer.z[layer.rgba[..., 3] >= 0.5]
    solid = solid if solid.size else layer.z
    return float(solid.min()), float(solid.max())


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
class TestFacts:
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_order_names_and_planes_are_the_scenes(self, tmp_path, scene, suffix):
        layers = facts_of(scene, tmp_path, suffix).layers
        assert [layer.order for layer in layers] == list(range(len(scene.layers)))
        assert [layer.name for layer in layers] == [layer.name for layer in scene.layers]
        assert [layer.plane for layer in layers] == [layer.plane for layer in scene.layers]

    def test_of_an_archive_are_everything(self, tmp_path, scene):
        facts = facts_of(scene, tmp_path, ".multiplane")
        assert (facts.kind, facts.size) == ("multiplane scene", (scene.camera.width, scene.camera.height))
        assert facts.focal_35mm == pytest.approx(scene.camera.focal_35mm)
        assert (math.inf if facts.safe_parallax is None else facts.safe_parallax) == safe_parallax(scene)
        for got, want in zip(facts.layers, scene.layers, strict=True):
            assert (got.id, got.size, got.corner) == (want.id, (want.width, want.height), want.corner)
            assert got.depth_range == depth_range(want)
            assert got.filled_share == pytest.approx(want.filled_share)

    @pytest.mark.parametrize("suffix", [".psd", ".psb"])
    def test_of_photoshop_are_places_and_sizes(self, tmp_path, scene, suffix):
        facts = facts_of(scene, tmp_path, suffix)
        kind = "large document" if suffix == ".psb" else "document"
        assert facts.kind == f"Photoshop {kind}, {scene.bit_depth} bit"
        assert (facts.size, facts.focal_35mm) == ((scene.camera.width, scene.camera.height), None)
        for got, want in zip(facts.layers, scene.layers, strict=True):
            assert (got.size, got.corner) == ((want.width, want.height), want.corner)
            assert (got.depth_range, got.filled_share) == (None, None)
        identities = [layer.id for layer in facts.layers]
        assert len(set(identities)) == len(scene.layers)

    def test_of_gltf_are_lens_and_depths(self, tmp_path, scene):
        facts = facts_of(scene, tmp_path, ".glb")
        assert facts.kind == "binary glTF"
        assert facts.focal_35mm == pytest.approx(scene.camera.focal_35mm, rel=SOLVER)
        for got, want in zip(facts.layers, scene.layers, strict=True):
            assert got.id == want.id
            assert got.depth_range == pytest.approx(depth_range(want))
            assert got.filled_share == pytest.approx(want.filled_share, abs=SOLVER)
            assert got.size == (want.width, want.height)

    @pytest.mark.parametrize("suffix", [".exr", ".usdz", ".pptx", *DESCRIBED])
    def test_of_what_holds_a_description_are_everything_but_the_parallax(self, tmp_path, scene, suffix):
        facts = facts_of(scene, tmp_path, suffix)
        assert facts == replace(facts_of(scene, tmp_path, ".multiplane"), kind=facts.kind, safe_parallax=None)
        kinds = {".exr": f"OpenEXR, {exr_parts(scene)} parts", ".usdz": "USD package", ".pptx": "PowerPoint slide"}
        assert facts.kind == {**kinds, **DESCRIBED}[suffix]

    @pytest.mark.skipif(not page_is_built(), reason="the viewer's page was not built: tests/install_programs.sh")
    def test_of_a_web_page_are_everything_but_the_parallax(self, tmp_path, scene):
        facts = facts_of(scene, tmp_path, ".html")
        assert facts == replace(facts_of(scene, tmp_path, ".multiplane"), kind="web page", safe_parallax=None)

    def test_of_openraster_are_ids_places_and_sizes(self, tmp_path, scene):
        facts = facts_of(scene, tmp_path, ".ora")
        assert (facts.kind, facts.size) == ("OpenRaster", (scene.camera.width, scene.camera.height))
        for got, want in zip(facts.layers, scene.layers, strict=True):
            assert (got.id, got.size, got.corner) == (want.id, (want.width, want.height), want.corner)

    def test_of_a_folder_are_everything_but_the_parallax_by_its_name_or_its_manifests(self, tmp_path, scene):
        write_sequence(scene, tmp_path / "folder")
        facts = read_facts(tmp_path / "folder")
        assert facts == replace(facts_of(scene, tmp_path, ".multiplane"), kind="folder of layers", safe_parallax=None)
        assert read_facts(tmp_path / "folder" / "layers.json") == facts


def exr_parts(scene):
    return 2 * len(scene.layers) + (scene.alpha is not None)


def test_of_a_clip_are_size_and_length(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (12, 48, 64, 3), np.uint8)
    (tmp_path / "a.mp4").write_bytes(encode_mp4(frames, 24))
    facts = read_facts(tmp_path / "a.mp4")
    assert (facts.kind, facts.size, facts.layers) == ("clip, 0.5 s, 24 frames a second, h264", (64, 48), ())


class TestFilesOfOthers:
    scene = noise_scene(count=1)

    def test_exr_parts_and_groups_of_channels(self, tmp_path):
        plane = np.zeros((3, 4), np.float16)
        window = {"dataWindow": (np.array([5, 6], np.int32), np.array([8, 8], np.int32))}
        window["displayWindow"] = np.array([0, 0], np.int32), np.array([19, 9], np.int32)
        parts = [OpenEXR.Part(dict(window), {"Y": plane}, name) for name in ("a", "b")]
        OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
        facts = read_facts(tmp_path / "a.exr")
        assert (facts.kind, facts.size) == ("OpenEXR, 2 parts", (20, 10))
        assert [(row.name, row.size, row.corner) for row in facts.layers] == [
            ("a", (4, 3), (5, 6)),
            ("b", (4, 3), (5, 6)),
        ]
        OpenEXR.File({}, {"R": plane, "sky.R": plane, "sky.A": plane}).write(str(tmp_path / "b.exr"))
        facts = read_facts(tmp_path / "b.exr")
        assert (facts.kind, {row.name for row in facts.layers}) == ("OpenEXR, 1 part", {"unnamed", "sky"})

    @pytest.mark.parametrize("words", [b"// a script", b'"""A module."""', b"<!doctype html>", b"ply\nend_header\n"])
    def test_texts_of_others_are_refused_with_the_choices(self, tmp_path, words):
        (tmp_path / "a").write_bytes(words)
        assert "of no format known here" in refused(tmp_path / "a")

    def test_slides_whose_pictures_were_renamed_say_less_of_those(self, tmp_path):
        scene = noise_scene(1, count=3)
        edit(tmp_path / "a.pptx", encode_pptx(scene), "ppt/slides/slide1.xml", b"010 thing 1", b"kettle")
        first, second, third = read_facts(tmp_path / "a.pptx").layers
        assert (first.id, second, third.id) == ("layer-0", LayerFacts(1, "kettle"), "layer-2")

    def test_a_stage_of_others_is_refused(self, tmp_path):
        edit(
            tmp_path / "a.usdz", encode_usdz(noise_scene(count=1)), "scene.usda", b"string multiplane", b"string other"
        )
        assert "multiplane did not write it" in refused(tmp_path / "a.usdz")

    def test_xml_that_declares_entities_is_refused(self, tmp_path):
        edit(tmp_path / "a.ora", encode_ora(self.scene), "stack.xml", b"<image", b"<!DOCTYPE x []><image")
        assert "entities" in refused(tmp_path / "a.ora")

    def test_photoshop_groups_of_other_names_tell_no_plane(self, tmp_path):
        picture = PSDImage.new("RGB", (8, 6))
        picture.create_group(name="backgrounds of mine")
        picture.save(tmp_path / "a.psd")
        facts = read_facts(tmp_path / "a.psd")
        assert (facts.size, facts.layers) == ((8, 6), ())

    def test_gltf_without_extras_names_or_textures(self, tmp_path):
        mesh = pygltflib.Mesh(primitives=[pygltflib.Primitive(attributes=pygltflib.Attributes())])
        document = pygltflib.GLTF2(nodes=[pygltflib.Node(mesh=0), pygltflib.Node(name="empty")], meshes=[mesh])
        document.save_binary(str(tmp_path / "a.glb"))
        (layer,) = read_facts(tmp_path / "a.glb").layers
        assert (layer.name, layer.id, layer.plane, layer.depth_range, layer.size) == ("node 0", None, None, None, None)

    @pytest.mark.parametrize(
        "extras",
        [
            {"depth_range": 3}, {"depth_range": "ab"}, {"depth_range": [1]}, {"depth_range": [None, "x"]}, {"plane": 5},
            {"id": ["a"]}, {"filled_share": "half"}, {"filled_share": True}, {"depth_range": {"0": 1}},
        ],
        ids=str,
    )  # fmt: skip
    def test_gltf_with_extras_of_another_meaning_just_says_less(self, tmp_path, extras):
        document = pygltflib.GLTF2.load_from_bytes(encode_glb(noise_scene(count=1)))
        node = next(node for node in document.nodes if node.mesh is not None)
        node.extras = extras
        document.save_binary(str(tmp_path / "a.glb"))
        (layer,) = read_facts(tmp_path / "a.glb").layers
        assert (layer.id, layer.plane, layer.depth_range, layer.filled_share) == (None,) * 4


def edit(path, data, name, old, new):
    """Write the zip `data` to `path`, with `old` replaced by `new` in an entry."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(path, "w") as changed:
        for each in archive.namelist():
            text = archive.read(each)
            assert each != name or old in text
            changed.writestr(each, text.replace(old, new) if each == name else text)


def refused(path):
    with pytest.raises(FormatError) as caught:
        read_facts(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestDamage:
    scene = noise_scene(1, count=2, transparent=True)

    @pytest.mark.parametrize("data", [b"", b"P", b"\x89PNG\r\n\x1a\n", b"GIF89a" * 9], ids=range(4))
    def test_other_files_are_refused_with_the_choices(self, tmp_path, data):
        (tmp_path / "a").write_bytes(data)
        assert ".multiplane, .psd, .psb, .glb, .ora, .exr" in refused(tmp_path / "a")

    def test_a_missing_file_and_a_folder_are_refused(self, tmp_path):
        assert "No such file" in refused(tmp_path / "none.psd")
        assert "directory" in refused(tmp_path)

    @pytest.mark.parametrize("start", [b"8BPS", b"glTF", b"PK\3\4", b"\x76\x2f\x31\x01", b"{"])
    @pytest.mark.parametrize("rest", [b"", b"\0" * 400, b"\xff" * 400], ids=["none", "zeros", "ones"])
    def test_a_right_start_and_nothing_right_after(self, tmp_path, start, rest):
        (tmp_path / "a").write_bytes(start + rest)
        refused(tmp_path / "a")

    # Of an .exr, the headers, which are all that is read, lie in the first half.
    @pytest.mark.parametrize(
        ("encode", "share"), [(e, s) for e in ENCODERS for s in (0.05, 0.3, 0.6) if e is not encode_exr or s < 0.5]
    )
    def test_a_truncated_file(self, tmp_path, encode, share):
        data = encode(self.scene)
        (tmp_path / "a").write_bytes(data[: int(len(data) * share)])
        refused(tmp_path / "a")

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from([*ENCODERS, encode_after_effects, encode_blender, encode_contact_sheet]),
        st.integers(6, 10**6),
        st.integers(1, 255),
    )
    def test_a_changed_byte_never_crashes(self, tmp_path_factory, encode, place, flip):
        data = bytearray(encode(self.scene))
        data[6 + place % (len(data) - 6)] ^= flip
        path = tmp_path_factory.mktemp("t") / "a"
        path.write_bytes(data)
        try:
            read_facts(path)
        except FormatError as error:
            assert "\n" not in str(error)

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN"])
    def test_an_archive_whose_numbers_are_none(self, tmp_path, number):
        buffer = io.BytesIO(encode_archive(self.scene))
        with zipfile.ZipFile(buffer) as archive:
            document = json.loads(archive.read("scene.json"))
        document["camera"]["focal"] = "HERE"
        with zipfile.ZipFile(tmp_path / "a", "w") as archive:
            archive.writestr("scene.json", json.dumps(document).replace('"HERE"', number))
        refused(tmp_path / "a")


def test_a_layer_named_like_a_plane_is_no_group(tmp_path):
    scene = replace(noise_scene(count=3), layers=tuple(
        replace(layer, name=name)
        for layer, name in zip(noise_scene(count=3).layers, ("foreground", "background", "midground 2"), strict=True)
    ))  # fmt: skip
    assert [layer.plane for layer in facts_of(scene, tmp_path, ".psd").layers] == [x.plane for x in scene.layers]
