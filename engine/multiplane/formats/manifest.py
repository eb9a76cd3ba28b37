"""scene.json: everything about a scene but its pixels, checked against the published schema both ways."""

import json
import math
from dataclasses import asdict
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from multiplane.errors import FormatError
from multiplane.render.budget import safe_parallax
from multiplane.scene import KeyLight, Layer, Scene

FORMAT = "multiplane"
VERSION = 4
"""1: layers' entries were numbered. 2: they are named by their content, and history.json may stand beside. 3: a key
light. 4: the safe parallax."""
ALPHA_ENTRY = "alpha.png"
PROFILE_ENTRY = "profile.icc"
LONGEST_COMPLAINT = 160
MAX_CANVAS_PIXELS = 1 << 28
MAX_PIXELS = 1 << 29
"""Of all layers together: 21 bytes each in memory, so 11 GB; a 100-megapixel photo in five full sheets."""


def manifest_of(scene: Scene, files: list[dict[str, str]]) -> dict[str, Any]:
    """The JSON document of `scene`, whose layers lie in `files`; FormatError where the schema does not allow it."""
    camera = scene.camera
    document = {
        "format": FORMAT,
        "version": VERSION,
        "camera": {"width": camera.width, "height": camera.height, "focal": camera.focal},
        "bit_depth": scene.bit_depth,
        "dpi": scene.dpi,
        "alpha": None if scene.alpha is None else ALPHA_ENTRY,
        "icc_profile": None if scene.icc_profile is None else PROFILE_ENTRY,
        "origin": asdict(scene.origin),
        "key_light": None if scene.key_light is None else describe_light(scene.key_light),
        "safe_parallax": _finite_or_none(safe_parallax(scene)),
        "layers": [{**describe_layer(layer), "files": names} for layer, names in zip(scene.layers, files, strict=True)],
    }
    check_document(document)
    return document


def parse_manifest(text: bytes) -> dict[str, Any]:
    """The document in `text`, valid by the schema; raises FormatError, one line, for anything else."""
    document = parse_json(text, "scene.json")
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FormatError("scene.json does not describe a multiplane scene; name a file that multiplane wrote")
    check_version(document)
    check_document(document)
    return document


def parse_json(text: bytes, name: str) -> Any:
    """The JSON value in `text`, its numbers finite; raises FormatError about the entry `name` for anything else."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{name} is not JSON ({error}); write the scene again") from error


def check_version(document: dict[str, Any]) -> None:
    """Raise FormatError where a newer multiplane wrote `document`."""
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise FormatError(
            f"the scene has version {version}, and this multiplane reads up to {VERSION}; update multiplane"
        )


def check_document(document: dict[str, Any]) -> None:
    """Raise FormatError, one line, where `document` breaks the published schema."""
    schema = json.loads(resources.files("multiplane.formats").joinpath("scene.schema.json").read_bytes())
    error = best_match(Draft202012Validator(schema).iter_errors(document))
    if error is not None:
        complaint = " ".join(error.message.split())[:LONGEST_COMPLAINT]
        raise FormatError(f"scene.json breaks its schema at {error.json_path}: {complaint}; write the scene again")


def check_total(document: dict[str, Any]) -> None:
    """Raise FormatError where the valid `document` claims more pixels than are read."""
    canvas = int(document["camera"]["height"]) * int(document["camera"]["width"])
    total = sum(int(layer["size"][0]) * int(layer["size"][1]) for layer in document["layers"])
    if canvas > MAX_CANVAS_PIXELS or total > MAX_PIXELS:
        raise FormatError(
            f"the scene claims {canvas / 1e6:.0f} megapixels and {total / 1e6:.0f} in its layers, but this version"
            f" reads up to {MAX_CANVAS_PIXELS / 1e6:.0f} and {MAX_PIXELS / 1e6:.0f}; use a smaller photo"
        )


def depth_range(layer: Layer) -> tuple[float, float]:
    """Nearest and farthest depth where the layer is at least half opaque (anywhere, if it is nowhere)."""
    solid = layer.rgba[..., 3] >= 0.5
    z = layer.z[solid] if solid.any() else layer.z
    return float(z.min()), float(z.max())


def describe_layer(layer: Layer) -> dict[str, Any]:
    """What every manifest says of a layer, wherever its pixels lie."""
    return {
        "id": layer.id,
        "name": layer.name,
        "label": layer.label,
        "plane": layer.plane,
        "corner": list(layer.corner),
        "size": [layer.width, layer.height],
        "caster": layer.caster,
        "blend": layer.blend,
        "depth_range": list(depth_range(layer)),
        "filled_share": min(1.0, layer.filled_share),
    }


def describe_light(light: KeyLight) -> dict[str, Any]:
    """What a manifest says of the key light."""
    return {
        "towards": [float(part) for part in light.towards],
        "colour": [float(part) for part in light.colour],
        "ambient": float(light.ambient),
        "confidence": float(light.confidence),
    }


def light_in(document: dict[str, Any]) -> KeyLight | None:
    """The key light of a valid document, None where it has none; inverse of `describe_light`."""
    light = document.get("key_light")
    if light is None:
        return None
    (x, y, z), (red, green, blue) = light["towards"], light["colour"]
    return KeyLight((x, y, z), (red, green, blue), light["ambient"], light["confidence"])


def _finite_or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # 1e999 is good JSON and infinite
        raise ValueError(f"{text} is no number that fits")
    return number


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")
