"""What became of every layer of a scene on its way through an editor, and the one line that says it."""

from dataclasses import dataclass

from multiplane.scene import Scene

ORDER = ("repainted", "masked", "moved", "renamed", "regrouped", "reordered", "reblended")


@dataclass(frozen=True)
class Fate:
    """A layer of the scene as it is now, and what happened to it: words of ORDER, or "new"; nothing, if it was kept."""

    id: str
    name: str
    depth: float
    changes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """The scene, the fate of each of its layers, the names of those that are gone or hidden, and notes."""

    scene: Scene
    fates: tuple[Fate, ...]
    gone: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether the scene is what it was before."""
        return not (self.gone or self.hidden or any(fate.changes for fate in self.fates))

    @property
    def summary(self) -> str:
        """ "5 kept, 1 repainted, 1 new (depth 2.3, standing on '020 ground'), 1 gone"."""
        words = [f"{sum(not fate.changes for fate in self.fates)} kept"]
        for change in ORDER:
            count = sum(change in fate.changes for fate in self.fates)
            words += [f"{count} {change}"] if count else []
        new = [f"depth {fate.depth:.3g}, {fate.reason}" for fate in self.fates if "new" in fate.changes]
        words += [f"{len(new)} new ({'; '.join(new)})"] if new else []
        words += [f"{len(self.hidden)} hidden and left out"] if self.hidden else []
        words += [f"{len(self.gone)} gone"] if self.gone else []
        return ", ".join(words)
