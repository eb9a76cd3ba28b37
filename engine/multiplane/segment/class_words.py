"""What a network's class names are called here: the surfaces that layering knows, and plain words for all else."""

SURFACE_WORDS = {
    "sky": ("sky",),
    "ground": ("ground", "floor", "grass", "pavement", "road", "sand", "dirt", "gravel", "snow", "playingfield",
               "platform", "railroad", "rug", "carpet", "earth", "field", "path", "sidewalk", "runway", "land"),
    "water": ("water", "sea", "river", "lake"),
    "wall": ("wall", "ceiling"),
    "building": ("building", "house", "skyscraper"),
    "mountain": ("mountain", "hill"),
}  # fmt: skip
_WORD_OF = {alias: word for word, aliases in SURFACE_WORDS.items() for alias in aliases}


def class_word(name: str) -> str:
    """The word for a class `name`: "wall-brick" and "floor-other-merged" are surfaces, "dining table" is itself."""
    plain = name.lower().replace("_", " ").removesuffix("-merged").removesuffix("-other").removesuffix("-stuff")
    head = plain.split("-")[0].split(",")[0].strip()
    return _WORD_OF.get(head, head or "object")


def is_surface(word: str) -> bool:
    """Whether `word` is a surface, of which a photo shows one however many pieces it is seen in."""
    return word in SURFACE_WORDS
