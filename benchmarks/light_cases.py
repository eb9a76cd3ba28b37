"""Rendered scenes taken apart by the tool, with what is true told to it or with its own depth and segments."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from benchmarks.light_scores import scene_layer_of
from benchmarks.light_truth import LightTruth, View

from multiplane.decompose import Backends, decompose
from multiplane.depth import load_depth
from multiplane.formats.archive import load_scene
from multiplane.formats.save import save
from multiplane.inpaint import load_inpaint
from multiplane.light.key_light import key_light_of
from multiplane.light.shadows import with_shadows
from multiplane.matte import load_matte
from multiplane.scene import KeyLight, Scene
from multiplane.segment import load_segment

EXACT, BUILTIN = "exact", "built-in"
METHODS = (EXACT, BUILTIN)
"""Exact: the true depth and segments are told."""
BUILTIN_LAYERS = 8
SAME = 0.5
"""Soft IoU from which a layer is the object."""


@dataclass(frozen=True)
class Case:
    """A scene as taken apart: `plain` as layers alone, `shadowed` with shadows on layers of their own.

    `first` is the id of the layer that is the truth's first object; None where no layer is.
    """

    truth: LightTruth
    method: str
    plain: Scene
    shadowed: Scene
    first: str | None

    @property
    def key(self) -> KeyLight:
        """The key light as the tool estimates it."""
        return self.shadowed.key_light or KeyLight((0.0, -1.0, 0.0), confidence=0.0)

    @property
    def own_shadows(self) -> set[str]:
        """Ids of the shadows that the first object throws."""
        return {layer.id for layer in self.shadowed.layers if layer.caster is not None and layer.caster == self.first}


class Tool:
    """The tool with the backends of one method."""

    def __init__(self, method: str, keep: Path | None = None) -> None:
        """`method` is one of METHODS; layers, before shadows, are kept in the folder `keep` and read from there."""
        self.method, self.keep = method, keep
        self.matte, self.fill = load_matte("closed-form"), load_inpaint("patches")

    def apart(self, view: View) -> Scene:
        """The layers of a picture."""
        if self.keep is None:
            return self._decomposed(view)
        digest = sha256(view.photo.tobytes()).hexdigest()[:12]
        path = self.keep / f"{METHODS.index(self.method)}-{digest}.multiplane"
        if not path.exists():
            self.keep.mkdir(parents=True, exist_ok=True)
            save(self._decomposed(view), path)
        return load_scene(path)

    def _decomposed(self, view: View) -> Scene:
        if self.method == EXACT:
            depth, segments = view.depth(), view.segments()
            backends = Backends(lambda _: depth, lambda *_: segments, self.matte, self.fill, keep_segments=True)
            return decompose(view.as_photo(), backends, layers=len(segments))
        backends = Backends(load_depth("builtin"), load_segment("builtin"), self.matte, self.fill)
        return decompose(view.as_photo(), backends, layers=BUILTIN_LAYERS)

    def case(self, truth: LightTruth) -> Case:
        """A scene taken apart, its shadows found."""
        layers = self.apart(truth)
        plain = replace(layers, key_light=key_light_of(layers))
        index, share = scene_layer_of(plain, truth.first_mask)
        first = plain.layers[index].id if share >= SAME else None
        return Case(truth, self.method, plain, with_shadows(plain, self.fill), first)


def folder_of(root: Path, name: str) -> Path:
    """The folder of a set of scenes, which must be there."""
    folder = root / name
    if not any(folder.glob("*.npz")):
        raise SystemExit(f"{folder} holds no scenes; make them: python benchmarks/light_scenes.py {root} --set {name}")
    return folder
