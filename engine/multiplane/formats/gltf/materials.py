"""Materials of textured layers: unlit as shot, and as a second variant one that answers to light."""

import pygltflib as gltf

from multiplane.formats.gltf.document import Draft

UNLIT = "KHR_materials_unlit"
VARIANTS = "KHR_materials_variants"
WEBP = "EXT_texture_webp"
AS_SHOT, RELIT = 0, 1
VARIANT_NAMES = ("as shot", "relit")


def add_texture(draft: Draft, data: bytes, media_type: str, name: str) -> int:
    """Append an encoded picture and its texture; returns the texture's index."""
    doc = draft.doc
    doc.images.append(gltf.Image(bufferView=draft.add_bytes(data), mimeType=media_type, name=name))
    source = len(doc.images) - 1
    if media_type == "image/webp":
        draft.use(WEBP, required=True)
        doc.textures.append(gltf.Texture(sampler=0, extensions={WEBP: {"source": source}}))
    else:
        doc.textures.append(gltf.Texture(sampler=0, source=source))
    return len(doc.textures) - 1


def add_sampler(draft: Draft) -> None:
    """The one way of filtering: trilinear, and no repeating at a texture's edge."""
    draft.doc.samplers = [
        gltf.Sampler(
            magFilter=gltf.LINEAR,
            minFilter=gltf.LINEAR_MIPMAP_LINEAR,
            wrapS=gltf.CLAMP_TO_EDGE,
            wrapT=gltf.CLAMP_TO_EDGE,
        )
    ]


def add_unlit(draft: Draft, texture: int, solid: bool, name: str) -> int:
    """A material that shows its texture as it is, whatever the light; returns its index."""
    draft.use(UNLIT)
    draft.doc.materials.append(_material(texture, solid, name, extensions={UNLIT: {}}))
    return len(draft.doc.materials) - 1


def add_lit(draft: Draft, texture: int, solid: bool, name: str, normals: int | None) -> int:
    """A matte material whose base colour is the texture; `normals` is a normal texture's index."""
    info = None if normals is None else gltf.NormalMaterialTexture(index=normals)
    draft.doc.materials.append(_material(texture, solid, f"{name} (relit)", normalTexture=info))
    return len(draft.doc.materials) - 1


def variants_of(unlit: int, lit: int) -> dict[str, object]:
    """What a primitive says so that a viewer can switch it between its two materials."""
    mappings = [{"material": unlit, "variants": [AS_SHOT]}, {"material": lit, "variants": [RELIT]}]
    return {VARIANTS: {"mappings": mappings}}


def declare_variants(draft: Draft) -> None:
    """Name the two variants of the document."""
    draft.use(VARIANTS)
    draft.doc.extensions[VARIANTS] = {"variants": [{"name": name} for name in VARIANT_NAMES]}


def _material(texture: int, solid: bool, name: str, **more: object) -> gltf.Material:
    return gltf.Material(
        name=name,
        alphaMode=gltf.OPAQUE if solid else gltf.BLEND,
        doubleSided=True,
        pbrMetallicRoughness=gltf.PbrMetallicRoughness(
            baseColorTexture=gltf.TextureInfo(index=texture), metallicFactor=0.0, roughnessFactor=1.0
        ),
        **more,
    )
