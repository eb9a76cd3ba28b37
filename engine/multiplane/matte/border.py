"""What both matte backends do around a mask's border: crop to it, clean the solution, bring it to full size."""

import cv2
import numpy as np

from multiplane.arrays import Floats, Mask

REACH_1MP = 16.0
"""How far from the border hair or blur may reach, in pixels of a 1-megapixel picture."""
STRIP_ROWS = 256
"""Full-size rows worked on at once: bounds memory."""
VEIL = 0.03
"""Alphas this near to 0 or 1 count as 0 or 1: solvers leave veils there, and eyes see them on a new background."""
PINHOLE = 40
"""Enclosed gaps of fewer pixels are noise; larger ones are gaps between curls."""


def border_box(mask: Mask, margin: float) -> tuple[slice, slice] | None:
    """The bounding box of the border of `mask`, grown by `margin` pixels; None where the mask has no border."""
    change = np.zeros_like(mask)
    change[1:] |= mask[1:] != mask[:-1]
    change[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return box_of(change, margin)


def box_of(where: Mask, margin: float) -> tuple[slice, slice] | None:
    """The bounding box of `where` (H, W), grown by `margin` pixels; None where nothing is set."""
    spans = [np.flatnonzero(where.any(axis=axis)) for axis in (1, 0)]
    if spans[0].size == 0:
        return None
    grow = int(np.ceil(margin))
    rows, columns = (slice(max(0, int(span[0]) - grow), int(span[-1]) + grow + 1) for span in spans)
    return rows, columns


def without_veil(alpha: Floats) -> Floats:
    """`alpha` stretched so that what is nearly 0 or 1 becomes 0 or 1."""
    return np.asarray(np.clip((alpha - VEIL) / (1.0 - 2.0 * VEIL), 0.0, 1.0), np.float32)


def drop_specks(alpha: Floats, unknown: Mask, known: Floats) -> Floats:
    """`alpha` (H, W) without veils, specks that hang on no known inside, and pinholes in the object.

    `known` (H, W) is 0 or 1 outside `unknown`, and not looked at within.
    """
    clean = without_veil(alpha)
    core = ~unknown & (known > 0.5)
    if core.any():
        _, parts = cv2.connectedComponents((clean > 0.1).astype(np.uint8), connectivity=8)
        attached = np.zeros(int(parts.max()) + 1, np.uint8)
        attached[np.unique(parts[core])] = 1
        attached[0] = 0
        clean *= cv2.dilate(attached[parts], np.ones((3, 3), np.uint8))
    surroundings = ~unknown & (known < 0.5)
    if surroundings.any():
        _, parts, facts, _ = cv2.connectedComponentsWithStats((clean < 0.9).astype(np.uint8), connectivity=8)
        pinhole = facts[:, cv2.CC_STAT_AREA] < PINHOLE
        pinhole[0] = False
        pinhole[np.unique(parts[surroundings])] = False
        clean[cv2.dilate(pinhole[parts].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 1.0
    return clean


def guided_model(rgb: Floats, target: Floats, where: Mask, radius: int, epsilon: float) -> Floats:
    """Local linear models target = a . I + b as (H, W, 4), averaged over windows (He, Sun and Tang 2013, eq. 5 to 8).

    Solved in `where` (H, W) only; elsewhere a = 0 and b = target.
    """
    window = (2 * radius + 1, 2 * radius + 1)
    colour = rgb.astype(np.float64)
    mean = cv2.blur(colour, window)
    mean_target = cv2.blur(target.astype(np.float64), window)
    joint = cv2.blur(colour * target[..., None], window)
    picked = np.nonzero(where)
    mu, mu_target = mean[picked], mean_target[picked]
    cov = np.empty((mu.shape[0], 3, 3))
    for i in range(3):
        for j in range(i, 3):
            cov[:, i, j] = cov[:, j, i] = (
                cv2.blur(colour[..., i] * colour[..., j], window)[picked] - mu[:, i] * mu[:, j]
            )
    cov[:, range(3), range(3)] += epsilon
    slope = np.linalg.solve(cov, (joint[picked] - mu * mu_target[:, None])[..., None])[..., 0]
    model = np.zeros((*target.shape, 4), np.float32)
    model[..., 3] = target
    model[..., :3][picked] = slope
    model[..., 3][picked] = mu_target - np.einsum("nc,nc->n", slope, mu)
    averaged = cv2.blur(model, window)
    model[picked] = averaged[picked]
    return model


def to_full_size(alpha: Floats, unknown: Mask, small: Floats, rgb: Floats) -> Floats:
    """`alpha` (h, w) of the picture `small` (h, w, 3) at the size of `rgb` (H, W, 3), sharp at its edges.

    Fast guided filter (He and Sun 2015): the linear models of the small picture are enlarged, not its alpha.
    """
    reach = cv2.dilate(unknown.astype(np.uint8), np.ones((5, 5), np.uint8))
    model = guided_model(small, alpha, reach > 0, radius=2, epsilon=1e-4)
    return apply_model(model, reach, alpha, rgb)


def apply_model(model: Floats, reach: Mask, alpha: Floats, rgb: Floats) -> Floats:
    """Enlarge `model` (h, w, 4) and apply it to `rgb` (H, W, 3) within `reach` (h, w); enlarge `alpha` elsewhere."""
    height, width = rgb.shape[:2]
    fy, fx = alpha.shape[0] / height, alpha.shape[1] / width
    inside = reach.astype(np.float32)
    full = np.empty((height, width), np.float32)
    for top in range(0, height, STRIP_ROWS):
        rows = min(STRIP_ROWS, height - top)
        # Pixel centres lie at halves: small = (full + 0.5) f - 0.5.
        lookup = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, (top + 0.5) * fy - 0.5]])

        def enlarged(values: Floats, lookup: np.ndarray = lookup, rows: int = rows) -> Floats:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            return np.asarray(
                cv2.warpAffine(values, lookup, (width, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            )

        strip = enlarged(model)
        guided = np.einsum("ijc,ijc->ij", strip[..., :3], rgb[top : top + rows]) + strip[..., 3]
        full[top : top + rows] = np.where(enlarged(inside) > 0.5, guided, enlarged(alpha))
    return np.clip(full, 0.0, 1.0, out=full)
