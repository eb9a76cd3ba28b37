"""Merges regions across their weakest edges first, until only edges worth a cut are left."""

import heapq

import numpy as np
from numpy.typing import NDArray

from multiplane.segment.regions import Regions

Parents = NDArray[np.int64]

SMALL = 0.004
"""Share of the picture below which a group's edges count for less."""
APART, APART_WEIGHT = 0.3, 0.12
"""Difference of mean disparity that counts in full, and for how much: a gap in an outline joins no far-apart things."""
DEBRIS = 0.004
"""Share of the picture below which a group is no layer of its own ..."""
CLEAR, CLEAR_DEBRIS = 0.6, 0.6
"""... times this where the mean strength of its outline is greater."""


FREE = -1
"""The kind of a region that may join any other, and then is of its kind."""


def merge_regions(regions: Regions, kinds: NDArray[np.int64], cut: float, most: int) -> tuple[Parents, Parents]:
    """The group (N,) of each region, numbered from 0, and the kind (M,) of each group.

    Regions of one kind (N,) join across edges weaker than `cut`; debris joins what it is least cut off from.

    An edge between groups is the mean strength of their common border (as in Arbelaez et al., "Contour detection and
    hierarchical image segmentation", PAMI 2011), so that one leak in an outline joins nothing. Merging goes on beyond
    `cut` while there are more than `most` groups.
    """
    graph = _Graph(regions, kinds)
    heap = [graph.entry(a, b) for a, b in regions.pairs.tolist() if graph.may_join(a, b)]
    heapq.heapify(heap)
    groups = regions.count
    while heap:
        cost, a, b, age_a, age_b = heapq.heappop(heap)
        if graph.age[a] != age_a or graph.age[b] != age_b:
            continue
        if cost > cut and groups <= most:
            break
        graph.join(a, b)
        groups -= 1
        for other in graph.links[a]:
            if graph.may_join(a, other):
                heapq.heappush(heap, graph.entry(a, other))
    graph.absorb_debris()
    kept, group = np.unique(graph.roots(), return_inverse=True)
    return group.astype(np.int64), np.array([graph.kind[root] for root in kept], np.int64)


class _Graph:
    """Groups, their neighbours, and for every common border its length and its length times strength."""

    def __init__(self, regions: Regions, kinds: NDArray[np.int64]) -> None:
        self.total = float(regions.size.sum())
        self.kind: list[int] = kinds.tolist()
        self.size: list[float] = regions.size.tolist()
        self.disparity: list[float] = regions.disparity.tolist()
        self.age = [0] * regions.count
        self.parent = list(range(regions.count))
        self.links: list[dict[int, tuple[float, float]]] = [{} for _ in range(regions.count)]
        for (a, b), length, strength in zip(
            regions.pairs.tolist(), regions.length.tolist(), regions.strength.tolist(), strict=True
        ):
            self.links[a][b] = self.links[b][a] = (length, length * strength)

    def may_join(self, a: int, b: int) -> bool:
        """Whether a and b are of one kind, or one of them is free."""
        return self.kind[a] == self.kind[b] or FREE in (self.kind[a], self.kind[b])

    def entry(self, a: int, b: int) -> tuple[float, int, int, int, int]:
        """What joining groups a and b loses, as an entry of the queue."""
        length, weighted = self.links[a][b]
        share = min(self.size[a], self.size[b]) / self.total
        apart = min(1.0, abs(self.disparity[a] - self.disparity[b]) / APART)
        cost = (weighted / length + APART_WEIGHT * apart) * min(1.0, (share / SMALL) ** 0.5)
        return cost, a, b, self.age[a], self.age[b]

    def absorb_debris(self) -> None:
        """Join every group smaller than DEBRIS, smallest first, with the neighbour it is least cut off from."""
        while True:
            small = [g for g in range(len(self.size)) if self.age[g] >= 0 and self.links[g]]
            small = [g for g in small if self.size[g] < self._least_size(g) * self.total]
            if not small:
                return
            least = min(small, key=lambda g: (self.size[g], g))
            # A long common border says as much as a weak one: crumbs go where they are embedded.
            links = self.links[least]
            whole = sum(length for length, _ in links.values())
            nearest = min(links, key=lambda g: (links[g][1] / links[g][0] - 0.5 * links[g][0] / whole, g))
            self.join(nearest, least)

    def _least_size(self, group: int) -> float:
        """Share of the picture below which a group is debris: less where it stands out on all sides, like a pole."""
        length = sum(length for length, _ in self.links[group].values())
        weighted = sum(weighted for _, weighted in self.links[group].values())
        return DEBRIS * (CLEAR_DEBRIS if weighted > CLEAR * length else 1.0)

    def join(self, a: int, b: int) -> None:
        """Let group a take in its neighbour b; b is gone (its age never matches again)."""
        del self.links[a][b], self.links[b][a]
        for other, (length, weighted) in self.links[b].items():
            known = self.links[a].get(other, (0.0, 0.0))
            self.links[a][other] = self.links[other][a] = (known[0] + length, known[1] + weighted)
            del self.links[other][b]
        self.links[b] = {}
        if self.kind[a] == FREE:
            self.kind[a] = self.kind[b]
        whole = self.size[a] + self.size[b]
        self.disparity[a] = (self.disparity[a] * self.size[a] + self.disparity[b] * self.size[b]) / whole
        self.size[a] = whole
        self.parent[b] = a
        self.age[a] += 1
        self.age[b] = -1

    def roots(self) -> list[int]:
        """The surviving group of every region."""

        def root(region: int) -> int:
            while self.parent[region] != region:
                region = self.parent[region]
            return region

        return [root(region) for region in range(len(self.parent))]
