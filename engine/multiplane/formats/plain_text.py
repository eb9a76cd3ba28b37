"""Text of scenes as other programs can read it."""


def plain_text(text: str) -> str:
    """Text that any UTF-8 reader takes: lone surrogates, as odd file names bring, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
