"""The archive gives the scene back to the bit, follows its published schema, and refuses hostile files in one line."""

import hashlib
import io
import json
import struct
import time
import tracemalloc
import zipfile
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from PIL import Image

from multiplane.errors import FormatError
from multiplane.formats.archive import decode_archive, encode_archive, load_manifest, load_scene
from multiplane.formats.save import save
from multiplane.pixels.levels import to_levels
from multiplane.scene import KeyLight
from scenes import assert_same_scene, hostile_scene, noise_scene, picture_scene


def entries(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(files, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def named(files, layer, part):
    """The name of the entry that holds a part ("rgba", "z", "filled") of a layer."""
    return json.loads(files["scene.json"])["layers"][layer]["files"][part]


def changed(scene, change):
    """The scene's archive after `change` of its files {name: bytes} and of its parsed scene.json."""
    files = entries(encode_archive(scene))
    document = json.loads(files["scene.json"])
    change(files, document)
    if "scene.json" in files:
        files["scene.json"] = json.dumps(document).encode()
    return packed(files)


def refused(data):
    with pytest.raises(FormatError) as caught:
        decode_archive(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestRoundTrip:
    @settings(max_examples=25, deadline=None)
    @given(
        st.integers(0, 2**32),
        st.integers(1, 40),
        st.integers(1, 40),
        st.integers(1, 5),
        st.sampled_from([8, 16]),
        st.booleans(),
        st.booleans(),
    )
    def test_is_exact(self, seed, width, height, count, bit_depth, transparent, shadow):
        scene = noise_scene(seed, width, height, count, bit_depth, transparent, shadow)
        assert_same_scene(decode_archive(encode_archive(scene)), scene)

    @pytest.mark.parametrize("bit_depth", [8, 16])
    def test_keeps_every_name(self, bit_depth):
        scene = hostile_scene(bit_depth)
        assert_same_scene(decode_archive(encode_archive(scene)), scene)

    def test_keeps_forty_layers_and_the_profile(self):
        scene = replace(noise_scene(count=40), icc_profile=bytes(range(256)), dpi=72.009)
        assert_same_scene(decode_archive(encode_archive(scene)), scene)

    def test_keeps_extreme_depths(self):
        scene = noise_scene(count=1)
        z = np.geomspace(1e-38, 3e38, scene.layers[0].z.size, dtype=np.float32).reshape(scene.layers[0].z.shape)
        scene = replace(scene, layers=(replace(scene.layers[0], z=z),))
        assert_same_scene(decode_archive(encode_archive(scene)), scene)

    def test_keeps_the_key_light(self):
        light = KeyLight((0.6, -0.8, 0.0), (1.2, 0.9588456376, 0.82), 0.25, 0.7)
        scene = replace(noise_scene(), key_light=light)
        assert decode_archive(encode_archive(scene)).key_light == light

    def test_a_scene_of_version_2_still_loads(self):
        """It knew no key light."""

        def age(_, document):
            document.update(version=2)
            del document["key_light"]

        assert_same_scene(decode_archive(changed(noise_scene(4), age)), noise_scene(4))

    def test_where_the_eye_may_move_for_ever_it_says_null(self):
        document = json.loads(entries(encode_archive(noise_scene(count=1)))["scene.json"])
        assert document["safe_parallax"] is None

    def test_a_scene_of_version_3_still_loads(self):
        """It did not say how far the eye may move."""

        def age(_, document):
            document.update(version=3)
            del document["safe_parallax"]

        assert_same_scene(decode_archive(changed(noise_scene(4), age)), noise_scene(4))

    def test_a_parallax_that_is_none_is_refused(self):
        assert "safe_parallax" in refused(changed(noise_scene(), lambda _, document: document.update(safe_parallax=-1)))

    def test_a_key_light_that_is_no_light_is_refused(self):
        scene = replace(noise_scene(), key_light=KeyLight((0.0, -1.0, 0.0)))
        longer = changed(scene, lambda _, document: document["key_light"].update(towards=[0, -1, 1]))
        assert "towards" in refused(longer)
        assert "ambient" in refused(changed(scene, lambda _, document: document["key_light"].update(ambient=2)))

    def test_goes_through_a_file(self, tmp_path):
        scene = noise_scene(transparent=True)
        save(scene, tmp_path / "s.multiplane")
        assert_same_scene(load_scene(tmp_path / "s.multiplane"), scene)
        assert len(load_manifest(tmp_path / "s.multiplane")["layers"]) == len(scene.layers)

    def test_gives_the_same_bytes_every_time(self):
        assert encode_archive(noise_scene(3)) == encode_archive(noise_scene(3))

    def test_read_and_written_again_it_is_the_same_file(self):
        data = encode_archive(noise_scene(3, transparent=True))
        assert encode_archive(decode_archive(data)) == data

    def test_entries_are_named_by_their_content(self):
        files = entries(encode_archive(noise_scene(3)))
        for name, data in files.items():
            if name.startswith("layers/"):
                assert name.split("/")[1].split(".")[0] == hashlib.sha256(data).hexdigest()[:32]

    def test_the_same_pixels_are_kept_once(self):
        scene = noise_scene(3, count=1)
        twins = tuple(replace(scene.layers[0], id=word, name=word) for word in ("a", "b"))
        files = entries(encode_archive(replace(scene, layers=twins)))
        assert len([name for name in files if name.startswith("layers/")]) == 3

    def test_a_scene_of_version_1_still_loads(self):
        """Its entries were numbered."""
        scene = noise_scene(4, transparent=True)

        def age(files, document):
            document.update(version=1)
            for number, layer in enumerate(document["layers"]):
                for part, suffix in (("rgba", "png"), ("z", "z.tif"), ("filled", "filled.png")):
                    files[f"layers/{number:03d}.{suffix}"] = files[layer["files"][part]]
                    layer["files"][part] = f"layers/{number:03d}.{suffix}"

        assert_same_scene(decode_archive(changed(scene, age)), scene)


class TestOthersReadIt:
    def test_pillow_and_tifffile_read_the_layers(self):
        scene = noise_scene(2, count=3)
        files = entries(encode_archive(scene))
        document = json.loads(files["scene.json"])
        for layer, row in zip(scene.layers, document["layers"], strict=True):
            pixels = np.asarray(Image.open(io.BytesIO(files[row["files"]["rgba"]])))
            np.testing.assert_array_equal(pixels, to_levels(layer.rgba))
            np.testing.assert_array_equal(tifffile.imread(io.BytesIO(files[row["files"]["z"]])), layer.z)
            mask = np.asarray(Image.open(io.BytesIO(files[row["files"]["filled"]])))
            np.testing.assert_array_equal(mask, layer.filled * 255)

    def test_pixels_are_not_deflated_twice(self):
        with zipfile.ZipFile(io.BytesIO(encode_archive(noise_scene()))) as archive:
            kinds = {info.filename: info.compress_type for info in archive.infolist()}
            assert archive.infolist()[0].filename == "mimetype"
        assert all(kind == zipfile.ZIP_STORED for name, kind in kinds.items() if name != "scene.json")

    @pytest.mark.parametrize("scene", [noise_scene(transparent=True, shadow=True), hostile_scene(16)])
    def test_scene_json_follows_the_published_schema(self, scene):
        schema = json.loads(resources.files("multiplane.formats").joinpath("scene.schema.json").read_text())
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(json.loads(entries(encode_archive(scene))["scene.json"]))


class TestHostile:
    scene = noise_scene(1, count=2, transparent=True)

    @pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all" * 99])
    def test_no_zip(self, data):
        assert "not a whole .multiplane archive" in refused(data)

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_a_truncated_file(self, share):
        data = encode_archive(self.scene)
        refused(data[: int(len(data) * share)])

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10**6), st.integers(1, 255))
    def test_a_changed_byte_never_crashes(self, place, flip):
        data = bytearray(encode_archive(self.scene))
        data[place % len(data)] ^= flip
        try:
            decode_archive(bytes(data))
        except FormatError as error:
            assert "\n" not in str(error)

    @settings(max_examples=40, deadline=None)
    @given(st.sampled_from([(0, "rgba"), (0, "z"), (1, "filled"), None]), st.data())
    def test_a_changed_byte_that_the_zip_vouches_for_never_crashes(self, part, data):
        def damage(files, _):
            name = named(files, *part) if part else "alpha.png"
            content = bytearray(files[name])
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
            files[name] = bytes(content)

        try:
            decode_archive(changed(self.scene, damage))
        except FormatError as error:
            assert "\n" not in str(error)

    @pytest.mark.parametrize("part", ["scene.json", "alpha.png", (1, "rgba"), (0, "z")])
    def test_a_missing_entry(self, part):
        name = part if isinstance(part, str) else named(entries(encode_archive(self.scene)), *part)
        assert f"no entry '{name}'" in refused(changed(self.scene, lambda files, _: files.pop(name)))

    def test_a_newer_version(self):
        message = refused(changed(self.scene, lambda _, document: document.update(version=5)))
        assert "version 5" in message
        assert "update multiplane" in message

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            (lambda d: d["camera"].update(focal=-1), "$.camera.focal"),
            (lambda d: d["camera"].update(width=10**9), "$.camera.width"),
            (lambda d: d.update(bit_depth=32), "$.bit_depth"),
            (lambda d: d.update(extra=1), "extra"),
            (lambda d: d.pop("layers"), "layers"),
            (lambda d: d.update(layers=[]), "$.layers"),
            (lambda d: d["layers"][0].update(corner=[-1, 0]), "$.layers[0].corner"),
            (lambda d: d["layers"][0].update(plane="middle\n" * 99), "$.layers[0].plane"),
        ],
    )
    def test_a_document_that_breaks_the_schema(self, change, where):
        assert where in refused(changed(self.scene, lambda _, document: change(document)))

    @pytest.mark.parametrize(
        "text", [b"{", b"[]", b"\xff\xfe", b"[" * 10**6, b'{"format": "multiplane", "version": NaN}']
    )
    def test_a_document_that_is_no_scene(self, text):
        refused(packed({"scene.json": text}))

    @pytest.mark.parametrize(
        ("change", "promise"),
        [
            (lambda d: d["layers"][1].update(id=d["layers"][0]["id"]), "must be unique"),
            (lambda d: d["layers"][1].update(corner=[23, 17]), "reaches outside"),
            (lambda d: d["layers"].reverse(), "must cover the whole canvas"),
        ],
    )
    def test_a_scene_that_breaks_its_promise(self, change, promise):
        assert promise in refused(changed(self.scene, lambda _, document: change(document)))

    def test_depths_that_are_none(self):
        def damage(files, document):
            height, width = self.scene.layers[0].z.shape
            buffer = io.BytesIO()
            tifffile.imwrite(buffer, np.full((height, width), np.nan, np.float32))
            files[named(files, 0, "z")] = buffer.getvalue()

        assert "finite and greater than 0" in refused(changed(self.scene, damage))

    @pytest.mark.parametrize("kind", [np.uint8, np.float64, np.complex64])
    def test_depths_of_another_type(self, kind):
        def damage(files, document):
            buffer = io.BytesIO()
            tifffile.imwrite(buffer, np.ones(self.scene.layers[0].z.shape, kind))
            files[named(files, 0, "z")] = buffer.getvalue()

        assert "not a plain float32 TIFF" in refused(changed(self.scene, damage))

    def test_a_png_of_another_size_than_said(self):
        def damage(files, document):
            files[named(files, 0, "rgba")] = files[named(files, 1, "rgba")]

        assert "but scene.json says" in refused(changed(self.scene, damage))


class TestBombs:
    def bomb(self, document_change, png):
        scene = noise_scene(1, count=1)
        return changed(
            scene, lambda files, document: (document_change(document), files.update({named(files, 0, "rgba"): png}))
        )

    def measured(self, data):
        tracemalloc.start()
        try:
            refused(data)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def test_a_png_that_claims_more_than_the_document_is_not_unpacked(self):
        huge = (
            b"\x89PNG\r\n\x1a\n"
            + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
            + b"\0" * 99
        )
        assert self.measured(self.bomb(lambda document: None, huge)) < 20e6

    def test_a_document_that_claims_gigapixels_is_refused_before_anything_is_made(self):
        def claim(document):
            document["camera"].update(width=300_000, height=300_000)
            document["layers"][0].update(size=[300_000, 300_000])

        assert self.measured(self.bomb(claim, b"")) < 20e6

    def test_many_layers_that_together_claim_too_much_are_refused(self):
        def claim(document):
            document["camera"].update(width=16_000, height=16_000)
            layer = {**document["layers"][0], "size": [16_000, 16_000]}
            document["layers"] = [{**layer, "id": str(k), "name": str(k)} for k in range(9)]

        assert self.measured(self.bomb(claim, b"")) < 20e6

    def test_an_entry_that_deflates_to_more_than_its_picture_needs_is_not_unpacked(self):
        scene = noise_scene(1, count=1)
        files = entries(encode_archive(scene))
        data = packed({**files, named(files, 0, "rgba"): bytes(60_000_000)}, zipfile.ZIP_DEFLATED)
        assert self.measured(data) < 20e6

    def test_an_entry_that_lies_about_its_size_is_not_unpacked_beyond_it(self):
        files = entries(encode_archive(noise_scene(1, count=1)))
        data = packed({**files, named(files, 0, "rgba"): bytes(60_000_000)}, zipfile.ZIP_DEFLATED)
        size = struct.pack("<I", 60_000_000)
        assert self.measured(data.replace(size, struct.pack("<I", 1000))) < 20e6

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_packers_that_cannot_be_stopped_are_not_started(self, method):
        assert "packed in a way" in refused(packed(entries(encode_archive(noise_scene(count=1))), method))


def test_half_a_megapixel_in_six_layers_is_written_in_time():
    random = np.random.default_rng(0)
    coarse = random.integers(0, 240, (76, 102, 3), np.uint8)
    rgb = np.repeat(np.repeat(coarse, 8, 0), 8, 1)
    scene = picture_scene(rgb + random.integers(0, 12, rgb.shape, np.uint8))
    start = time.perf_counter()
    encode_archive(scene)
    assert time.perf_counter() - start < 1.2  # a quarter of the budget is 0.3 s; the rest is for a busy machine
