"""Gathers a glTF document and its binary chunk piece by piece, and puts the .glb together at the end."""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray

from multiplane.errors import FormatError
from multiplane.version import __version__

GENERATOR = f"multiplane {__version__}"
LARGEST = 0xF000_0000
"""Bytes of the binary chunk: a .glb counts its whole length in 32 bits."""
TYPE_OF_WIDTH = {1: gltf.SCALAR, 2: gltf.VEC2, 3: gltf.VEC3, 4: gltf.VEC4}
COMPONENT_OF_TYPE = {np.dtype(np.float32): gltf.FLOAT, np.dtype(np.uint16): gltf.UNSIGNED_SHORT}
COMPONENT_OF_TYPE[np.dtype(np.uint32)] = gltf.UNSIGNED_INT


@dataclass
class Draft:
    """A document in the making: `doc` holds the JSON, `chunks` the aligned pieces of the binary chunk, in order."""

    doc: Any = field(default_factory=lambda: gltf.GLTF2(asset=gltf.Asset(generator=GENERATOR)))
    chunks: list[bytes] = field(default_factory=list)
    length: int = 0

    def use(self, extension: str, required: bool = False) -> None:
        """Declare that the document uses an extension."""
        names = (self.doc.extensionsUsed, self.doc.extensionsRequired)
        for listed in names if required else names[:1]:
            if extension not in listed:
                listed.append(extension)

    def add_bytes(self, data: bytes, target: int | None = None) -> int:
        """Append data, aligned to 4 bytes; returns its buffer view's index. Raises FormatError beyond 4 GB."""
        view = gltf.BufferView(buffer=0, byteOffset=self.length, byteLength=len(data), target=target)
        self.doc.bufferViews.append(view)
        self.chunks += [data, b"\0" * (-len(data) % 4)]
        self.length += len(data) + len(self.chunks[-1])
        if self.length > LARGEST:
            raise FormatError(
                f"the textures take more than {LARGEST / 1e9:.1f} GB, but a .glb holds 4 GB; pass --texture-size 4096"
            )
        return len(self.doc.bufferViews) - 1

    def add_array(self, values: NDArray[Any], target: int | None = gltf.ARRAY_BUFFER, bounds: bool = False) -> int:
        """Append an array (n,) or (n, k) of float32, uint16 or uint32; returns its accessor's index."""
        rows = values.reshape(len(values), -1)
        limits = {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()} if bounds else {}
        accessor = gltf.Accessor(
            bufferView=self.add_bytes(np.ascontiguousarray(values).tobytes(), target),
            componentType=COMPONENT_OF_TYPE[values.dtype],
            count=len(values),
            type=TYPE_OF_WIDTH[rows.shape[1]],
            **limits,
        )
        self.doc.accessors.append(accessor)
        return len(self.doc.accessors) - 1

    def add_indices(self, triangles: NDArray[Any], count: int) -> int:
        """Append triangles (m, 3) over `count` vertices, as small as they go; returns the accessor's index."""
        kind = np.uint16 if count < 0xFFFF else np.uint32
        return self.add_array(triangles.reshape(-1).astype(kind), gltf.ELEMENT_ARRAY_BUFFER)

    def finish(self) -> bytes:
        """The .glb: header, JSON padded with spaces, binary chunk padded with zeros."""
        self.doc.buffers = [gltf.Buffer(byteLength=self.length)]
        text = self.doc.gltf_to_json(separators=(",", ":"), indent=None).encode("utf-8")
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + self.length
        head = struct.pack("<4sIIII", b"glTF", 2, total, len(text), 0x4E4F_534A)
        return b"".join([head, text, struct.pack("<II", self.length, 0x004E_4942), *self.chunks])
