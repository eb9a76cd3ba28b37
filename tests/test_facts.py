"""What `inspect` reads from a file is what the scene had, as far as its format carries it, or one line of error."""

import pytest

from multiplane.errors import FormatError
from multiplane.formats.facts import read_facts
from multiplane.formats.manifest import depth_range
from multiplane.formats.save import save
from scenes import hostile_scene, noise_scene

KINDS = (".multiplane", ".psd", ".psb", ".glb")


def facts_of(scene, folder, suffix):
    save(scene, folder / f"s{suffix}")
    return read_facts(folder / f"s{suffix}")


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("scene", [noise_scene(2, shadow=True), hostile_scene()])
def test_order_names_planes_and_sizes_are_the_scenes(tmp_path, scene, suffix):
    facts = facts_of(scene, tmp_path, suffix)
    assert [(row.order, row.name, row.plane, row.size) for row in facts.layers] == [
        (order, layer.name, layer.plane, (layer.width, layer.height)) for order, layer in enumerate(scene.layers)
    ]


def test_an_archive_carries_everything(tmp_path):
    scene = noise_scene(2)
    facts = facts_of(scene, tmp_path, ".multiplane")
    assert (facts.size, facts.focal_35mm) == ((scene.camera.width, scene.camera.height), scene.camera.focal_35mm)
    for row, layer in zip(facts.layers, scene.layers, strict=True):
        assert (row.id, row.corner, row.filled_share) == (layer.id, layer.corner, layer.filled_share)
        assert row.depth_range == depth_range(layer)


def test_a_psd_carries_corners_and_no_depth(tmp_path):
    scene = noise_scene(2, bit_depth=16)
    facts = facts_of(scene, tmp_path, ".psd")
    assert facts.kind == "Photoshop document, 16 bit"
    assert [row.corner for row in facts.layers] == [layer.corner for layer in scene.layers]
    assert all(row.depth_range is None and row.filled_share is None for row in facts.layers)


def test_a_glb_carries_depth_and_the_camera(tmp_path):
    scene = noise_scene(2)
    facts = facts_of(scene, tmp_path, ".glb")
    assert facts.focal_35mm == pytest.approx(scene.camera.focal_35mm)
    assert [row.id for row in facts.layers] == [layer.id for layer in scene.layers]
    assert all(row.depth_range is not None for row in facts.layers)


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, suffix, share):
    target = tmp_path / f"s{suffix}"
    save(noise_scene(), target)
    data = target.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(FormatError) as caught:
        read_facts(target)
    assert str(target) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"hello"])
def test_another_kind_of_file_is_refused_with_the_kinds_that_are_known(tmp_path, data):
    (tmp_path / "s.psd").write_bytes(data)
    with pytest.raises(FormatError, match=r"name one of: \.multiplane"):
        read_facts(tmp_path / "s.psd")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "none.psd", tmp_path):
        with pytest.raises(FormatError, match="cannot read"):
            read_facts(path)
