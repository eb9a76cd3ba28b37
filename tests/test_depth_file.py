"""Depth maps from the user's file: what the numbers mean, what unknown means, and what is refused."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from multiplane.arrays import Floats
from multiplane.depth.file import depth_from_file
from multiplane.errors import DepthFileError
from multiplane.pixels.disparity import FAR, NEAR, depth_from_disparity
from multiplane.scene import Camera, DepthMap, Photo
from tolerances import EXACT, SOLVER

HEIGHT, WIDTH = 12, 16
METRES = np.random.default_rng(0).uniform(0.5, 60, (HEIGHT, WIDTH)).astype(np.float32)
MILLIMETRES = np.rint(METRES * 1000).astype(np.uint16)


def photo_of(width: int = WIDTH, height: int = HEIGHT) -> Photo:
    return Photo(np.zeros((height, width, 3), np.float32), Camera.from_focal_35mm(width, height))


PHOTO = photo_of()


def exr(path: Path, channels: dict[str, NDArray[Any]]) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    header = {"compression": openexr.ZIP_COMPRESSION, "type": openexr.scanlineimage}
    openexr.File(header, channels).write(str(path))


WRITERS: dict[str, Callable[[Path, Floats], None]] = {
    "a.npy": np.save,
    "b.npy": lambda path, z: np.save(path, z[None].astype(">f8")),
    "a.npz": lambda path, z: np.savez_compressed(path, depth=z),
    "a.tif": tifffile.imwrite,
    "b.tiff": lambda path, z: tifffile.imwrite(path, z, compression="zlib", predictor=3),
    "a.exr": lambda path, z: exr(path, {"Z": z}),
    "b.exr": lambda path, z: exr(path, {"RGBA": np.stack([z * 0 + 0.5] * 4, -1), "depth.Z": z}),
    "c.exr": lambda path, z: exr(path, {"RGB": np.stack([z] * 3, -1)}),
    "d.exr": lambda path, z: exr(path, {"Y": z}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_float_files_are_metres_to_the_last_bit(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, METRES)
    depth = depth_from_file(tmp_path / name)(PHOTO)
    assert depth.metric
    assert np.abs(depth.z - METRES).max() == EXACT


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
def test_integers_read_as_metres_are_millimetres(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write = {".png": cv2.imwrite, ".tif": tifffile.imwrite, ".npy": np.save}[path.suffix]
    write(str(path), MILLIMETRES)
    depth = depth_from_file(path, "metres")(PHOTO)
    assert depth.metric
    assert np.abs(depth.z - MILLIMETRES / 1000).max() <= SOLVER


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("near", ["white", "black"])
def test_integer_images_are_relative_disparity(tmp_path: Path, dtype: type, near: Any) -> None:
    stored = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (HEIGHT, WIDTH)).astype(dtype)
    cv2.imwrite(str(tmp_path / "d.png"), stored)
    depth = depth_from_file(tmp_path / "d.png", near=near)(PHOTO)
    disparity = stored.astype(np.float32) * (1 if near == "white" else -1)
    assert not depth.metric
    assert np.allclose(depth.z, depth_from_disparity(disparity), rtol=SOLVER, atol=0)
    assert depth.z.min() == pytest.approx(NEAR) and depth.z.max() == pytest.approx(FAR)


def test_the_black_of_a_painted_map_is_the_farthest_and_not_unknown(tmp_path: Path) -> None:
    painted = np.zeros((HEIGHT, WIDTH), np.uint8)
    painted[4:8], painted[8:] = 128, 255
    Image.fromarray(painted).save(tmp_path / "d.png")
    z = depth_from_file(tmp_path / "d.png")(PHOTO).z
    assert z[0, 0] == pytest.approx(FAR) and z[-1, 0] == pytest.approx(NEAR)
    assert NEAR < z[5, 0] < FAR


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "1"])
def test_grey_depth_stored_in_another_way_is_the_same_depth(tmp_path: Path, mode: str) -> None:
    stored = Image.fromarray(((np.arange(HEIGHT * WIDTH) % 2) * 255).astype(np.uint8).reshape(HEIGHT, WIDTH))
    stored.save(tmp_path / "grey.png")
    stored.convert(mode).save(tmp_path / "other.png")
    grey, other = (depth_from_file(tmp_path / name)(PHOTO) for name in ("grey.png", "other.png"))
    assert np.array_equal(grey.z, other.z)


def test_16_bits_stored_as_colour_keep_their_16_bits(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "d.png"), np.stack([MILLIMETRES] * 3, -1))
    assert np.abs(depth_from_file(tmp_path / "d.png", "metres")(PHOTO).z - MILLIMETRES / 1000).max() <= SOLVER


def nearest_known(values: Floats, known: NDArray[np.bool_]) -> list[list[set[float]]]:
    """For every pixel the values of all known pixels at the least distance, found by looking at each one."""
    rows, columns = np.nonzero(known)
    out = []
    for y in range(values.shape[0]):
        line = []
        for x in range(values.shape[1]):
            distance = (rows - y) ** 2 + (columns - x) ** 2
            line.append(set(values[rows, columns][distance == distance.min()].tolist()))
        out.append(line)
    return out


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.05, 0.6), unknown=st.sampled_from([0.0, np.nan, np.inf, -1.0]))
def test_unknown_depth_comes_from_the_nearest_known_pixel(
    tmp_path_factory: pytest.TempPathFactory, seed: int, share: float, unknown: float
) -> None:
    known = np.random.default_rng(seed).random(METRES.shape) > share
    known[0, 0] = True
    path = tmp_path_factory.getbasetemp() / "holes.npy"
    np.save(path, np.where(known, METRES, np.float32(unknown)))
    z = depth_from_file(path)(PHOTO).z
    assert np.array_equal(z[known], METRES[known])
    wanted = nearest_known(METRES, known)
    hits = sum(float(z[y, x]) in wanted[y][x] for y in range(HEIGHT) for x in range(WIDTH))
    assert hits >= 0.97 * z.size  # distances are measured with a 5 x 5 mask, which may swap near ties


def test_measured_disparity_treats_zero_as_unknown(tmp_path: Path) -> None:
    disparity = np.tile(np.linspace(10, 40, WIDTH, dtype=np.float32), (HEIGHT, 1))
    disparity[3, 5] = 0
    np.save(tmp_path / "d.npy", disparity)
    z = depth_from_file(tmp_path / "d.npy", "disparity")(PHOTO).z
    assert z[3, 5] in (z[2, 5], z[4, 5], z[3, 4], z[3, 6])
    assert z[0, 0] == pytest.approx(FAR) and z[0, -1] == pytest.approx(NEAR)


def test_transparent_pixels_are_unknown(tmp_path: Path) -> None:
    stored = np.full((HEIGHT, WIDTH, 2), 255, np.uint8)
    stored[..., 0] = np.arange(WIDTH) * 10 + 50
    stored[:, 5] = (0, 0)
    Image.fromarray(stored, "LA").save(tmp_path / "d.png")
    z = depth_from_file(tmp_path / "d.png")(PHOTO).z
    assert all(z[y, 5] in (z[y, 4], z[y, 6]) for y in range(HEIGHT))
    assert z.max() == pytest.approx(FAR) and z[0, 0] == z.max()


@pytest.mark.parametrize("factor", [0.5, 2, 3])
def test_another_scale_is_resized_and_a_plane_stays_a_plane(tmp_path: Path, factor: float) -> None:
    """A plane's disparity is affine in the picture; away from the border, resizing must keep that."""

    def plane(width: int, height: int) -> Floats:
        x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
        return (1 / (0.1 + 0.5 * y + 0.2 * x)).astype(np.float32)

    np.save(tmp_path / "d.npy", plane(40, 30))
    width, height = round(40 * factor), round(30 * factor)
    depth = depth_from_file(tmp_path / "d.npy")(photo_of(width, height))
    inside = (slice(3, -3), slice(3, -3))
    assert depth.z.shape == (height, width)
    assert np.allclose(depth.z[inside], plane(width, height)[inside], rtol=SOLVER)


def test_sizes_that_differ_by_rounding_still_fit_and_others_do_not(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.ones((384, 518), np.float32))
    backend = depth_from_file(tmp_path / "d.npy")
    assert backend(photo_of(1632, 1211)).z.shape == (1211, 1632)
    refused(lambda: backend(photo_of(1632, 1100)), "518 x 384", "1632 x 1100")


def test_constant_maps_and_single_pixels_are_depth(tmp_path: Path) -> None:
    Image.new("L", (1, 1), 9).save(tmp_path / "d.png")
    assert depth_from_file(tmp_path / "d.png")(photo_of(1, 1)).z.tolist() == [[FAR]]
    np.save(tmp_path / "d.npy", np.array([[2.5]], np.float32))
    assert depth_from_file(tmp_path / "d.npy")(photo_of(1, 1)).z.tolist() == [[2.5]]


@pytest.mark.parametrize("extreme", [3e38, 1e300, -3e38])
def test_values_at_the_edge_of_float_are_still_depth(tmp_path: Path, extreme: float) -> None:
    values = METRES.astype(np.float64)
    values[0, 0] = extreme
    np.save(tmp_path / "d.npy", values)
    for kind in ("metres", "disparity"):
        depth = depth_from_file(tmp_path / "d.npy", kind)(PHOTO)  # type: ignore[arg-type]
        assert isinstance(depth, DepthMap)


def refused(call: Callable[[], object], *words: str) -> None:
    """The call raises DepthFileError, on one line, with every one of `words`."""
    with pytest.raises(DepthFileError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def saved(array: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def zipped(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def lying_npy() -> bytes:
    """A header that promises a terabyte, and four bytes behind it."""
    return saved(np.zeros((2, 2), np.float32)).replace(b"(2, 2), }        ", b"(600000, 600000), }"[:19].ljust(17))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"depth?", "not an image"),
        (saved(np.array([{"a": 1}], object), allow_pickle=True), "damaged"),
        (saved(np.ones((3, 4, 5), np.float32)), "3 x 4 x 5"),
        (saved(np.ones((3, 4), np.complex64)), "complex64"),
        (saved(np.float32(3)), "single number"),
        (saved(np.ones((0, 4), np.float32)), "0"),
        (saved(np.ones((30, 40), np.float32))[:-400], "damaged"),
        (lying_npy(), "again"),
        (b"\x93NUMPY\x01\0\xff\xff{'descr'", "damaged"),
        (zipped(), "not an image"),
        (zipped(left=np.ones((2, 2)), right=np.ones((2, 2))), "'left', 'right'"),
        (zipped(depth=np.ones((9, 9)))[:-30], "damaged"),
        (b"v/1\x01" + bytes(90), "damaged"),
        (saved(np.zeros((HEIGHT, WIDTH), np.float32)), "no depth"),
        (saved(np.full((HEIGHT, WIDTH), np.nan, np.float32)), "no depth"),
    ],
)
def test_what_is_no_depth_map_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    if data.startswith(b"v/1\x01"):
        pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    (tmp_path / "depth").write_bytes(data)
    refused(lambda: depth_from_file(tmp_path / "depth"), words)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    refused(lambda: depth_from_file(tmp_path / "gone.png"), "does not exist")
    refused(lambda: depth_from_file(tmp_path), "is a folder")


def test_a_colour_picture_is_not_taken_for_depth(tmp_path: Path) -> None:
    colours = cv2.applyColorMap(
        (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)).astype(np.uint8), cv2.COLORMAP_INFERNO
    )
    cv2.imwrite(str(tmp_path / "d.png"), colours)
    refused(lambda: depth_from_file(tmp_path / "d.png"), "colour picture")


def test_an_archive_that_unpacks_to_too_much_is_refused_unopened(tmp_path: Path) -> None:
    data = bytearray(zipped(depth=np.ones((4, 4))))
    size = data.index(b"PK\x01\x02") + 24  # where the directory states the unpacked size
    data[size : size + 4] = (1 << 31).to_bytes(4, "little")
    (tmp_path / "d.npz").write_bytes(data)
    refused(lambda: depth_from_file(tmp_path / "d.npz"), "too many")


def test_exr_without_a_depth_channel_names_what_it_has(tmp_path: Path) -> None:
    exr(tmp_path / "d.exr", {"RGB": np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)})
    refused(lambda: depth_from_file(tmp_path / "d.exr"), "B, G, R", "Z")
