"""Reading photos: the levels of every lossless kind come back exactly, upright and in sRGB."""

import io
import logging
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

import pictures
from multiplane.errors import PhotoError
from multiplane.photo.read import read_photo
from multiplane.pixels.levels import to_levels
from multiplane.scene import DEFAULT_FOCAL_35MM, FULL_FRAME_DIAGONAL_MM
from pictures import NOISE8, NOISE16, PICTURE, encoded, heic, levels, read_bytes
from tolerances import EXACT, ROUNDING, SOLVER

# --- what comes in comes out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_lossless_8_bit_kinds_give_back_every_level(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    photo = read_bytes(tmp_path, encoded(kind, NOISE8[..., :3].copy(), **options), "a name.with dots.img")
    assert photo.bit_depth == 8 and photo.alpha is None and photo.name == "a name.with dots"
    assert np.abs(levels(photo).astype(int) - NOISE8[..., :3]).max() == EXACT


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "HEIC"])
def test_lossy_kinds_come_close(tmp_path: Path, kind: str) -> None:
    data = heic() if kind == "HEIC" else encoded(kind, quality=95)
    assert np.abs(levels(read_bytes(tmp_path, data)).astype(int) - PICTURE).max() <= 12


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_of_grey_or_colour_with_or_without_alpha_keeps_its_bits(
    tmp_path: Path, channels: int, dtype: type[np.unsignedinteger]
) -> None:
    stored = pictures.noise((9, 7, channels), dtype, seed=channels)
    photo = read_bytes(tmp_path, imagecodecs.png_encode(stored.squeeze()))
    colours = np.repeat(stored[..., :1], 3, axis=2) if channels < 3 else stored[..., :3]
    assert photo.bit_depth == stored.dtype.itemsize * 8
    assert np.array_equal(levels(photo), colours)
    assert (photo.alpha is not None) == (channels in (2, 4))
    if photo.alpha is not None:
        assert np.array_equal(to_levels(photo.alpha, photo.bit_depth), stored[..., -1])


@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib", "predictor": 2}, {"byteorder": ">"}, {"bigtiff": True}]
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_tiff_keeps_its_bits(tmp_path: Path, channels: int, options: dict[str, Any]) -> None:
    stored = NOISE16[..., :channels]
    alpha = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    space = "minisblack" if channels == 1 else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", stored.squeeze(), photometric=space, **alpha, **options)
    photo = read_photo(tmp_path / "a.tif")
    assert photo.bit_depth == 16
    assert np.array_equal(levels(photo), np.broadcast_to(stored[..., :3], (13, 17, 3)))
    if channels == 4:
        assert photo.alpha is not None and np.array_equal(to_levels(photo.alpha, 16), stored[..., 3])


def test_16_bit_tiff_of_separate_planes_is_the_same_picture(tmp_path: Path) -> None:
    planes = np.ascontiguousarray(np.moveaxis(NOISE16[..., :3], -1, 0))
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    assert np.array_equal(levels(read_photo(tmp_path / "a.tif")), NOISE16[..., :3])


def test_16_bit_tiff_where_zero_is_white_is_turned_round(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", NOISE16[..., 0], photometric="miniswhite")
    assert np.array_equal(levels(read_photo(tmp_path / "a.tif"))[..., 0], 65535 - NOISE16[..., 0])


def test_16_bit_tiff_with_associated_alpha_is_divided_by_it(tmp_path: Path) -> None:
    alpha = np.maximum(NOISE16[..., 3:], 30000).astype(np.int64)
    straight = NOISE16[..., :3].astype(np.int64)
    stored = np.concatenate([(straight * alpha + 32767) // 65535, alpha], axis=-1).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(levels(read_photo(tmp_path / "a.tif")).astype(np.int64) - straight).max() <= 2


def test_one_bit_pictures_are_black_and_white(tmp_path: Path) -> None:
    bits = NOISE8[..., 0] > 127
    for kind in ("PNG", "TIFF", "BMP"):
        photo = read_bytes(tmp_path, encoded(kind, bits))
        assert np.array_equal(levels(photo)[..., 1], bits * np.uint8(255))


def test_palette_pictures_give_their_colours_and_their_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(NOISE8[..., 0] % 5, "P")
    colours = pictures.noise((5, 3), np.uint8, seed=4)
    image.putpalette(colours.ravel().tolist())
    for transparency, expected in ((2, [255, 255, 0, 255, 255]), (bytes((9, 255, 0, 70)), [9, 255, 0, 70, 255])):
        image.save(tmp_path / "a.png", transparency=transparency)
        photo = read_photo(tmp_path / "a.png")
        assert np.array_equal(levels(photo), colours[NOISE8[..., 0] % 5])
        assert photo.alpha is not None
        assert np.array_equal(to_levels(photo.alpha), np.array(expected, np.uint8)[NOISE8[..., 0] % 5])
    image.save(tmp_path / "b.png")
    assert read_photo(tmp_path / "b.png").alpha is None


def test_a_single_transparent_colour_becomes_alpha(tmp_path: Path) -> None:
    stored = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    photo = read_bytes(tmp_path, encoded("PNG", stored, transparency=(4, 5, 6)))
    assert photo.alpha is not None and photo.alpha.tolist() == [[1.0, 0.0]]
    assert np.array_equal(levels(photo), stored)


def test_alpha_that_hides_nothing_is_left_out(tmp_path: Path) -> None:
    opaque = NOISE8.copy()
    opaque[..., 3] = 255
    assert read_bytes(tmp_path, encoded("PNG", opaque)).alpha is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_one_pixel_is_a_picture(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (1, 1)).save(tmp_path / "dot.png")
    assert read_photo(tmp_path / "dot.png").rgb.shape == (1, 1, 3)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tiff"])
def test_of_several_pictures_the_first_is_used_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str
) -> None:
    first = np.zeros((8, 9, 3), np.uint8)
    first[:, 4:] = (255, 0, 0)
    path = tmp_path / f"moving{suffix}"
    pictures.animation(path, first)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(levels(read_photo(path)), first)
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
    assert "first" in caplog.text


# --- upright ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
def test_exif_orientation_is_applied(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind in ("JPEG", "AVIF") else {}
    data = encoded(kind, exif=exif, **options)
    photo = read_bytes(tmp_path, data)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert np.array_equal(levels(photo), expected)
    assert (photo.camera.width, photo.camera.height) == (expected.shape[1], expected.shape[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_tiffs_are_turned_like_flat_ones(tmp_path: Path, orientation: int) -> None:
    tag = (274, "H", 1, orientation, True)
    for name, stored in (("flat.tif", NOISE8[..., :3].copy()), ("deep.tif", NOISE8[..., :3] * np.uint16(257))):
        tifffile.imwrite(tmp_path / name, stored, photometric="rgb", extratags=[tag])
    flat, deep = read_photo(tmp_path / "flat.tif"), read_photo(tmp_path / "deep.tif")
    assert np.array_equal(levels(flat) * np.uint16(257), levels(deep))
    assert flat.rgb.shape[:2] == ((13, 17) if orientation < 5 else (17, 13))


# --- colour -----------------------------------------------------------------------------------------------------------


def linear_from_profile(stored: NDArray[Any], to_xyz: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """The obvious float64 way to linear sRGB: linear light, XYZ at D50, linear sRGB; clipped to the gamut."""
    linear = (stored / np.iinfo(stored.dtype).max) ** gamma
    return np.clip(linear @ to_xyz.T @ np.linalg.inv(pictures.SRGB).T, 0, 1)


def srgb_from_linear(linear: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def linear_from_srgb(rgb: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def test_a_wide_gamut_profile_is_converted(tmp_path: Path) -> None:
    stored, gamma = NOISE8[..., :3].copy(), 563 / 256
    profile = pictures.rgb_profile(pictures.DISPLAY_P3, pictures.power_curve(gamma))
    photo = read_bytes(tmp_path, encoded("PNG", stored, icc_profile=profile))
    reference = srgb_from_linear(linear_from_profile(stored, pictures.DISPLAY_P3, gamma))
    assert np.abs(photo.rgb - reference).max() <= ROUNDING
    assert photo.icc_profile == profile


def test_a_wide_gamut_profile_is_converted_at_full_depth(tmp_path: Path) -> None:
    """In linear light, because the profile itself holds its primaries to 16 bits there."""
    stored, gamma = NOISE16[..., :3].copy(), 563 / 256
    profile = pictures.rgb_profile(pictures.DISPLAY_P3, pictures.power_curve(gamma))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", iccprofile=profile)
    reference = linear_from_profile(stored, pictures.DISPLAY_P3, gamma)
    assert np.abs(linear_from_srgb(read_photo(tmp_path / "a.tif").rgb) - reference).max() <= SOLVER


@pytest.mark.parametrize("profile", [pictures.srgb_profile(), pictures.srgb_profile_spelt_out()])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_srgb_profile_leaves_every_bit_alone(tmp_path: Path, dtype: type, profile: bytes) -> None:
    stored = pictures.noise((20, 30, 3), dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", iccprofile=profile)
    photo = read_photo(tmp_path / "a.tif")
    assert np.array_equal(levels(photo), stored)
    assert photo.icc_profile == profile


def test_a_grey_profile_is_applied(tmp_path: Path) -> None:
    profile = pictures.grey_profile(1.0)
    ramp = np.arange(256, dtype=np.uint8)[None]
    photo = read_bytes(tmp_path, encoded("PNG", ramp, icc_profile=profile))
    assert np.abs(photo.rgb - srgb_from_linear(ramp / 255)[..., None]).max() <= ROUNDING


@pytest.mark.parametrize(
    "profile",
    [b"no profile", pictures.srgb_profile()[:200], pictures.grey_profile(2.2), b"\0" * 128 + pictures.srgb_profile()],
)
def test_a_profile_that_does_not_fit_leaves_the_pixels_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, profile: bytes
) -> None:
    with caplog.at_level(logging.WARNING):
        photo = read_bytes(tmp_path, encoded("PNG", PICTURE, icc_profile=profile))
    assert np.array_equal(levels(photo), PICTURE)
    assert "colour profile cannot be used" in caplog.text


INKS = {
    (c, m, y, k): (
        100 * (1 - 0.4 * c) * (1 - 0.5 * m) * (1 - 0.1 * y) * (1 - 0.85 * k),
        -30.0 * c + 60 * m,
        70.0 * y - 40 * c,
    )
    for c in (0, 1)
    for m in (0, 1)
    for y in (0, 1)
    for k in (0, 1)
}


def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    profile = pictures.cmyk_profile(INKS)
    corners = (np.array(list(INKS), np.uint8) * 255).reshape(4, 4, 4)
    Image.fromarray(corners, "CMYK").save(tmp_path / "a.tif", icc_profile=profile)
    tifffile.imwrite(tmp_path / "b.tif", corners * np.uint16(257), photometric="separated", iccprofile=profile)
    flat, deep = read_photo(tmp_path / "a.tif"), read_photo(tmp_path / "b.tif")
    assert flat.rgb[0, 0].min() > 0.99  # bare paper is white, relative to itself
    assert flat.rgb[0, 1].max() < 0.2 and np.ptp(flat.rgb[0, 1]) < 0.05  # black ink
    red, _, blue = flat.rgb[0, 2]  # yellow ink
    assert red > blue + 0.3
    assert np.abs(flat.rgb - deep.rgb).max() <= 2 * ROUNDING
    assert deep.bit_depth == 16


def test_cmyk_without_a_profile_is_plain_ink_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inks = NOISE8
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.tif")
    with caplog.at_level(logging.WARNING):
        photo = read_photo(tmp_path / "a.tif")
    paper = 1 - inks / 255
    assert np.abs(photo.rgb - paper[..., :3] * paper[..., 3:]).max() <= 0.51 * ROUNDING
    assert "CMYK without" in caplog.text


def test_inverted_cmyk_of_adobe_jpegs_is_turned_round(tmp_path: Path) -> None:
    Image.fromarray(PICTURE).convert("CMYK").save(tmp_path / "a.jpg", quality=98)
    assert b"Adobe" in (tmp_path / "a.jpg").read_bytes()
    assert np.abs(levels(read_photo(tmp_path / "a.jpg")).astype(int) - PICTURE).max() <= 12


# --- facts ------------------------------------------------------------------------------------------------------------


def with_camera_tags(tags: dict[int, Any], size: tuple[int, int] = (600, 400), orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update(tags)
    return encoded("JPEG", np.zeros((size[1], size[0], 3), np.uint8), exif=exif)


def test_the_35_mm_equivalent_comes_from_exif(tmp_path: Path) -> None:
    tags = {ExifTags.Base.FocalLengthIn35mmFilm: 50, ExifTags.Base.FocalLength: 4.2}
    photo = read_bytes(tmp_path, with_camera_tags(tags))
    assert photo.focal_source == "exif"
    assert photo.camera.focal == pytest.approx(50 * np.hypot(600, 400) / FULL_FRAME_DIAGONAL_MM)


@pytest.mark.parametrize(("unit", "per_unit"), [(2, 25.4), (3, 10.0), (4, 1.0)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_focal_length_comes_from_the_sensor(tmp_path: Path, unit: int, per_unit: float, orientation: int) -> None:
    """24 mm on a 36 mm sensor 6000 pixels wide, resized to 600: 24 * 6000 / 36 / 10 = 400 pixels."""
    tags = {
        ExifTags.Base.FocalLength: 24.0,
        ExifTags.Base.FocalPlaneXResolution: 6000 / 36 * per_unit,
        ExifTags.Base.FocalPlaneResolutionUnit: unit,
        ExifTags.Base.ExifImageWidth: 6000,
    }
    photo = read_bytes(tmp_path, with_camera_tags(tags, orientation=orientation))
    assert photo.focal_source == "exif"
    assert photo.camera.focal == pytest.approx(400, rel=1e-4)


@pytest.mark.parametrize("nonsense", [0, 1, 60000])
def test_impossible_focal_lengths_are_not_believed(tmp_path: Path, nonsense: int) -> None:
    photo = read_bytes(tmp_path, with_camera_tags({ExifTags.Base.FocalLengthIn35mmFilm: nonsense}))
    assert photo.focal_source == "default"
    assert photo.camera.focal_35mm == pytest.approx(DEFAULT_FOCAL_35MM)


def test_a_given_focal_length_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(with_camera_tags({ExifTags.Base.FocalLengthIn35mmFilm: 50}))
    photo = read_photo(path, focal_35mm=85.0)
    assert photo.focal_source == "given" and photo.camera.focal_35mm == pytest.approx(85)
    for wrong in (0.0, -3.0, float("nan"), float("inf")):
        with pytest.raises(PhotoError, match="focal length"):
            read_photo(path, focal_35mm=wrong)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_dpi_is_kept_where_it_is_stated(tmp_path: Path, kind: str) -> None:
    assert read_bytes(tmp_path, encoded(kind, dpi=(300, 300))).dpi == pytest.approx(300)
    assert read_bytes(tmp_path, encoded(kind)).dpi is None
    tifffile.imwrite(tmp_path / "a.tif", NOISE16[..., :3], photometric="rgb", resolution=(100, 100), resolutionunit=3)
    assert read_photo(tmp_path / "a.tif").dpi == pytest.approx(254)
