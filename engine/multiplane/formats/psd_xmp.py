"""The metadata of a Photoshop file: how the scene came to be, and for each layer what its pixels do not say.

XMP as ISO 16684-1 lays it down. All layers stand in the document's packet, each with the number (`lyid`) of its row.
Adobe publishes no place for the XMP of a single layer: what a row carries besides stands in its metadata block
(`shmd`) as an item of ours, for scripts, and Photoshop's own window does not show it.
"""

from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from multiplane.formats.plain_text import xml_text
from multiplane.scene import Layer, Scene
from multiplane.version import __version__
from multiplane.weights import CHECKPOINTS

NAMESPACE = "urn:multiplane:xmp#"
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "multiplane": NAMESPACE,
}
PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"
"""By the standard the same in every packet."""
ROOM = "\n".join([" " * 99] * 20)
"""The two kilobytes that the standard recommends to leave, so that a packet can be edited in its place."""
RGB = 3


def encode_xmp(scene: Scene, facts: Mapping[str, str]) -> bytes:
    """The packet of `scene`; `facts` are the `layer_facts` of its layers, by id. Equal scenes give equal bytes."""
    layers = "".join(_item(facts[layer.id]) for layer in scene.layers)
    said = (
        f"<xmp:CreatorTool>multiplane {__version__}</xmp:CreatorTool>\n"
        "<dc:format>image/vnd.adobe.photoshop</dc:format>\n"
        f"<photoshop:ColorMode>{RGB}</photoshop:ColorMode>\n"
        f"{''.join(_scene_facts(scene))}"
        f"<multiplane:layers><rdf:Seq>\n{layers}</rdf:Seq></multiplane:layers>\n"
    )
    packet = f'<?xpacket begin="\ufeff" id="{PACKET_ID}"?>\n{_described(said, NAMESPACES)}\n{ROOM}\n<?xpacket end="w"?>'
    return packet.encode()


def layer_xmp(facts: str) -> bytes:
    """What a layer's own row carries: its `layer_facts`, without a packet's wrapper."""
    return _described(facts, ("rdf", "multiplane")).encode()


def layer_facts(layer: Layer, number: int) -> str:
    """The properties of one layer, whose row has the `number`."""
    return "".join(_properties(layer, number))


def _described(said: str, prefixes: Iterable[str]) -> str:
    names = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in prefixes)
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="multiplane {__version__}">\n'
        f'<rdf:RDF {names}>\n<rdf:Description rdf:about="">\n'
        f"{said}"
        f"</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>"
    )


def _scene_facts(scene: Scene) -> Iterator[str]:
    origin = scene.origin
    yield _property("photo", origin.photo)
    for stage, name in (("depth", origin.depth), ("segment", origin.segment)):
        yield _property(f"{stage}Model", name)
        if name in CHECKPOINTS:
            yield _property(f"{stage}ModelLicence", CHECKPOINTS[name].licence)
    yield _property("seed", str(origin.seed))
    yield _property("focalPixels", f"{scene.camera.focal:.6g}")
    yield _property("focal35mm", f"{scene.camera.focal_35mm:.6g}")
    yield _property("focalSource", origin.focal_source)
    yield _property("depthUnit", "metre" if origin.metric else "relative")


def _properties(layer: Layer, number: int) -> Iterator[str]:
    """What stands in the layer list is not said again, but for the name, by which a reader finds its way."""
    yield _property("number", str(number))
    yield _property("id", layer.id)
    yield _property("name", layer.name)
    yield _property("label", layer.label)
    yield _property("plane", layer.plane)
    yield _property("depth", f"{layer.depth:.6g}")
    yield _property("nearest", f"{float(layer.z.min()):.6g}")
    yield _property("farthest", f"{float(layer.z.max()):.6g}")
    yield _property("filledShare", f"{layer.filled_share:.4f}")
    if layer.caster is not None:
        yield _property("shadowOf", layer.caster)


def _item(facts: str) -> str:
    return f'<rdf:li rdf:parseType="Resource">\n{facts}</rdf:li>\n'


def _property(name: str, value: str) -> str:
    # A carriage return that is not spelled out would come back as a line feed.
    text = escape(xml_text(value), {"\r": "&#13;"})
    return f"<multiplane:{name}>{text}</multiplane:{name}>\n"
