"""Writes a scene as binary glTF: textured layers, flat or as reliefs, and the camera that sees them as the photo.

glTF's axes: +Y up, the camera at the origin looks along -Z, so a point (x, y, z) of a scene goes to (x, -y, -z). A
pixel (u, v) at depth D lies at ((u - cx) D/f, (cy - v) D/f, -D): texel edges lie on pixel edges, so the render through
the exported camera is the photo.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import pygltflib as gltf

from multiplane.errors import FormatError
from multiplane.formats.gltf.budget import make_reliefs
from multiplane.formats.gltf.document import GENERATOR, Draft
from multiplane.formats.gltf.materials import (
    add_lit,
    add_sampler,
    add_texture,
    add_unlit,
    declare_variants,
    variants_of,
)
from multiplane.formats.gltf.quadtree import LARGEST_SQUARE
from multiplane.formats.gltf.shapes import Patch, card_patches, normal_pixels, relief_patches, unit_card
from multiplane.formats.gltf.stage import CameraMove, add_camera, add_lights
from multiplane.formats.gltf.surface import Stack, Surface, stack_of
from multiplane.formats.gltf.textures import (
    OVERLAP,
    TextureFormat,
    cut,
    encode_texture,
    layer_pixels,
    say_what_is_lost,
    tiles_of,
)
from multiplane.formats.manifest import describe_layer
from multiplane.formats.plain_text import plain_text
from multiplane.formats.plane_depths import plane_depths
from multiplane.scene import Layer, Scene

Geometry: TypeAlias = Literal["planes", "relief"]
DEFAULT_TRIANGLES = 50_000
WORKERS = 2
"""Layers whose textures are made at once: more would hold more of a large photo in memory."""


def encode_glb(
    scene: Scene,
    geometry: Geometry = "planes",
    *,
    lit: bool = False,
    texture: TextureFormat = "png",
    texture_size: int | None = None,
    triangles: int = DEFAULT_TRIANGLES,
    move: CameraMove | None = None,
    eye_budget: float | None = None,
    albedo: Sequence[Layer] = (),
) -> bytes:
    """The scene as one .glb file, textures embedded, 8 bit.

    `planes` puts each layer on a card (`plane_depths` says where); `relief` gives each its own surface, cut along its
    outline, all together at most `triangles`. `lit` adds the variant "relit": matte materials with normals from depth,
    coloured by the layers of `albedo` that have the same id, else as shot, and two lights, the key where the scene
    knows it; as shot, materials ignore light. `texture_size` shrinks what is longer; without it, sides over 8192
    pixels are tiled. `move` animates the camera. `eye_budget`, how far the eye may move aside before it sees what was
    not filled in, is noted with everything else in extras. What glTF cannot hold is logged once as a warning. Raises
    FormatError where the file would pass 4 GB, or an option makes no sense.
    """
    if texture_size is not None and texture_size < 1:
        raise FormatError(f"a texture needs 1 pixel or more, not {texture_size}; pass --texture-size 4096")
    say_what_is_lost(scene, texture, texture_size)
    draft = Draft()
    add_sampler(draft)
    depths = plane_depths(scene)
    stack = stack_of(scene) if lit or geometry == "relief" else None
    surfaces = stack.ordered(0.0) if stack else []
    if stack and geometry == "relief":
        models, surfaces = _relief_models(draft, scene, depths, stack, triangles, texture_size)
    else:
        models = _card_models(draft, scene, depths, texture_size)
    solids = [order == 0 and scene.alpha is None for order in range(len(scene.layers))]
    with ThreadPoolExecutor(WORKERS) as pool:
        unlit = {layer.id: layer for layer in albedo if lit}
        bare = [unlit.get(layer.id) for layer in scene.layers]
        make = partial(_pictures, scene, texture, texture_size)
        pictures = pool.map(make, scene.layers, models, solids)
        colours = pool.map(make, bare, models, solids)
        rows = zip(scene.layers, models, pictures, colours, strict=True)
        for order, (layer, model, encoded, own) in enumerate(rows):
            surface = surfaces[order] if lit else None
            skins = list(_skins(draft, scene, layer, model, encoded, own, solids[order], surface))
            _add_node(draft, layer, order, depths[order], model, skins)
    if lit:
        declare_variants(draft)
        add_lights(draft, scene.key_light)
    spread = [1 / q for each in surfaces for q in (float(each.q.max()), float(each.q.min()))]
    add_camera(draft, scene, min([depths[-1], *spread]), max([depths[0], *spread]), move)
    _add_scene(draft, scene, geometry, models, eye_budget)
    return draft.finish()


@dataclass(frozen=True)
class Model:
    """A layer's shape: its `patches`, one for each texture, and where its node stands and how it is stretched."""

    patches: list[Patch]
    translation: list[float]
    scale: list[float] | None = None

    @property
    def triangles(self) -> int:
        """Triangles of all patches."""
        return sum(patch.triangles for patch in self.patches)


def _card_models(draft: Draft, scene: Scene, depths: list[float], cap: int | None) -> list[Model]:
    """Every layer as a flat card; their arrays are already in the draft."""
    whole, models = unit_card(draft), []
    for layer, depth in zip(scene.layers, depths, strict=True):
        size = depth / scene.camera.focal
        patches = card_patches(draft, layer, tiles_of(layer.width, layer.height, cap, OVERLAP), whole)
        middle = _middle(scene, layer, depth)
        models.append(Model(patches, middle, [layer.width * size, layer.height * size, 1.0]))
    return models


def _relief_models(
    draft: Draft, scene: Scene, depths: list[float], stack: Stack, triangles: int, cap: int | None
) -> tuple[list[Model], list[Surface]]:
    """Every layer as a mesh around its card's middle, by which viewers sort, and the surfaces they follow."""
    models: list[Model] = []
    reliefs, beyond = make_reliefs(scene, stack, triangles), 0.0
    rows = list(zip(scene.layers, depths, reliefs.surfaces, reliefs.meshes, strict=True))
    for layer, depth, surface, mesh in reversed(rows):
        tiles, middle = tiles_of(layer.width, layer.height, cap, LARGEST_SQUARE), _middle(scene, layer, depth)
        patches, beyond = relief_patches(draft, scene.camera, layer, tiles, mesh, surface, middle, beyond)
        models.append(Model(patches, middle))
    return models[::-1], reliefs.surfaces


def _middle(scene: Scene, layer: Layer, depth: float) -> list[float]:
    (x, y), (cx, cy), size = layer.corner, scene.camera.centre, depth / scene.camera.focal
    return [(x + layer.width / 2 - cx) * size, (cy - y - layer.height / 2) * size, -depth]


def _pictures(
    scene: Scene, texture: TextureFormat, cap: int | None, layer: Layer | None, model: Model, solid: bool
) -> list[tuple[bytes, str]]:
    """The encoded texture of each of the model's patches; none where there is no layer."""
    if layer is None:
        return []
    pixels = layer_pixels(scene, layer, cap)
    if solid:
        pixels = pixels[..., :3]
    return [encode_texture(cut(pixels, layer, patch.window), texture) for patch in model.patches]


def _skins(
    draft: Draft,
    scene: Scene,
    layer: Layer,
    model: Model,
    encoded: list[tuple[bytes, str]],
    own: list[tuple[bytes, str]],
    solid: bool,
    surface: Surface | None,
) -> Iterator[gltf.Primitive]:
    """The patches as primitives with their materials; with a `surface`, also with the one that answers to light.

    `own` are the textures of the colours without light, where they are known.
    """
    for number, (patch, (data, kind)) in enumerate(zip(model.patches, encoded, strict=True), start=1):
        name = plain_text(layer.name) + (f" tile {number}" if len(model.patches) > 1 else "")
        colour = add_texture(draft, data, kind, name)
        unlit, extensions = add_unlit(draft, colour, solid, name), {}
        if surface is not None:
            normals = None
            if patch.is_card:
                bumps = normal_pixels(surface, scene.camera, layer, patch.window)
                normals = add_texture(draft, *encode_texture(bumps, "png"), f"{name} normals")
            if own:
                colour = add_texture(draft, *own[number - 1], f"{name} albedo")
            extensions = variants_of(unlit, add_lit(draft, colour, solid, name, normals))
        yield gltf.Primitive(attributes=patch.attributes, indices=patch.indices, material=unlit, extensions=extensions)


def _add_node(draft: Draft, layer: Layer, order: int, depth: float, model: Model, skins: list[gltf.Primitive]) -> None:
    doc, name = draft.doc, plain_text(layer.name)
    doc.meshes.append(gltf.Mesh(name=name, primitives=skins))
    facts = {
        key: plain_text(value) if isinstance(value, str) else value for key, value in describe_layer(layer).items()
    }
    facts.update(order=order, depth=layer.depth, card_depth=depth, triangles=model.triangles)
    doc.nodes.append(gltf.Node(name=name, mesh=order, translation=model.translation, scale=model.scale, extras=facts))


def _add_scene(draft: Draft, scene: Scene, geometry: Geometry, models: list[Model], eye_budget: float | None) -> None:
    metric = scene.origin.metric
    facts = {
        "generator": GENERATOR,
        "geometry": geometry,
        "metric": metric,
        "unit": "m" if metric else "relative",
        "photo_size": [scene.camera.width, scene.camera.height],
        "triangles": sum(model.triangles for model in models),
    }
    if eye_budget is not None:
        facts["eye_budget"] = eye_budget
    doc = draft.doc
    doc.scene = 0
    doc.scenes = [gltf.Scene(name=plain_text(scene.origin.photo), nodes=list(range(len(doc.nodes))), extras=facts)]
