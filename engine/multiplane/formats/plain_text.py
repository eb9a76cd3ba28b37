"""Text of scenes as other programs can read it."""


def plain_text(text: str) -> str:
    """Text that any UTF-8 reader takes: lone surrogates, as odd file names bring, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def xml_text(text: str) -> str:
    """`text` without what XML 1.0 has no way to write: control characters and halves of surrogate pairs."""
    return "".join(mark if _has_a_place_in_xml(mark) else "?" for mark in text)


def _has_a_place_in_xml(mark: str) -> bool:
    code = ord(mark)
    return mark in "\t\n\r" or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
