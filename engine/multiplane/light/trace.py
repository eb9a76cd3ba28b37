"""Follows light through the picture: which points of a surface other things keep it from.

A point at (u, v) from the principal point and at inverse depth q goes towards the light l, as seen in the picture, as

    (u, v) + A s,   q (1 - l_z s),   A = f (l_x, l_y) - l_z (u, v),   s >= 0

which is the ray itself: over the picture of a line in space, q is affine. Light is kept off where the ray passes
behind the surface seen there, but not so far behind that it passes behind the whole thing.
"""

from multiplane.pixels.compiled import compiled

STEPS = 40
FIRST_STEP = 1.2
"""Cells from a point to the first place where its ray is looked at ..."""
GROWTH = 1.11
"""... and by how much each step is longer than the one before."""


@compiled(fastmath=True)
def _between(field, x, y):  # type: ignore[no-untyped-def]
    """`field` (h, w) at a place between cells, bilinearly."""
    i, j = int(x), int(y)
    k, m = min(i + 1, field.shape[1] - 1), min(j + 1, field.shape[0] - 1)
    a, b = x - i, y - j
    return (field[j, i] * (1 - a) + field[j, k] * a) * (1 - b) + (field[m, i] * (1 - a) + field[m, k] * a) * b


@compiled(fastmath=True)
def _arrives(x, y, q0, light, near, blockers, opacity, thickness, highest, gap, focal, start):  # type: ignore[no-untyped-def]
    """The share of `light` that arrives at cell (x, y) at inverse depth q0; steps begin at `start` cells.

    What is `gap` times as near as the cell keeps no light off; what is half way to that, all.
    """
    height, width = blockers.shape
    u, v = x + 0.5 - width / 2.0, y + 0.5 - height / 2.0
    lx, ly, lz = light[0], light[1], light[2]
    if near:  # from the point to the lamp, in units of the point's depth
        lx, ly, lz = lx * q0 - u / focal, ly * q0 - v / focal, lz * q0 - 1.0
    au, av = focal * lx - lz * u, focal * ly - lz * v
    longest = max(abs(au), abs(av))
    if longest < 1e-6:
        return 1.0
    last = longest / (1.0 + lz) if near and lz > -1.0 else 1e30
    distance, step, reached = start, FIRST_STEP, 1.0
    for _ in range(STEPS):
        s = distance / longest
        q, px, py = q0 * (1.0 - lz * s), x + au * s, y + av * s
        if distance >= last or q <= 0.0 or q > highest:
            break
        if px < 0.0 or py < 0.0 or px > width - 1 or py > height - 1:
            break
        # How far behind what is seen there the ray passes, as a share of its own depth.
        there = max(_between(blockers, px, py), 1e-30)
        behind = 1.0 - q / there
        if behind > 0.0:
            i, j = int(px + 0.5), int(py + 0.5)
            thick = thickness[j, i]
            if behind < 2.0 * thick:
                block = min(behind / (0.15 * thick), 1.0) * min((2.0 * thick - behind) / thick, 1.0)
                block *= min(max((gap - there / q0) / (gap - 1.0), 0.0) * 2.0, 1.0)
                reached = min(reached, 1.0 - opacity[j, i] * block)
                if reached < 0.02:
                    return 0.0
        distance += step
        step *= GROWTH
    return reached


@compiled(fastmath=True)
def march(start, wanted, corner, rays, near, blockers, opacity, thickness, highest, bias, gap, focal, out):  # type: ignore[no-untyped-def]
    """Fill `out` (h, w), where `wanted`, with the share of light that reaches `start` (h, w) inverse depths.

    The sheet's first cell is `corner` (column, row) of the grid on which `blockers` (H, W) inverse depth, `opacity` and
    `thickness`, a share of depth, say what may stand in the way; none is nearer than `highest`. `rays` (4, n, 3) are
    unit vectors to parts of the light, or their places where `near`; each cell of a 2 x 2 block takes its own.
    What is more than `gap` times as near as a cell throws no shadow on it.
    """
    for y in range(start.shape[0]):
        for x in range(start.shape[1]):
            if not wanted[y, x]:
                continue
            column, row = x + corner[0], y + corner[1]
            own = rays[2 * (row % 2) + column % 2]
            total = 0.0
            for k in range(own.shape[0]):
                begin = FIRST_STEP * (0.6 + 0.4 * ((column * 2 + row * 3 + k) % 5))
                q0 = start[y, x] * (1.0 + bias)
                total += _arrives(
                    column, row, q0, own[k], near, blockers, opacity, thickness, highest, gap, focal, begin
                )
            out[y, x] *= total / own.shape[0]
