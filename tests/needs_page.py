"""Whether the viewer's page was built: tests that export it are skipped where it was not."""

from multiplane_viewer.built_page import PageMissing, load_page


def page_is_built() -> bool:
    try:
        load_page()
    except PageMissing:
        return False
    return True
