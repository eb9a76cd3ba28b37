"""The four tolerances that tests may use, each with its reason."""

EXACT = 0.0
"""Integers, copies and round trips: nothing may differ."""

ROUNDING = 1.0 / 255.0
"""One 8-bit level: what a single rounding may cost."""

SOLVER = 1e-4
"""Float32 linear algebra and iterations."""

LOOKS_LIKE = 40.0
"""Decibels of PSNR above which two pictures look the same to a careful eye."""
