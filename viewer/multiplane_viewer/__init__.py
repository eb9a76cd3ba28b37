"""Serves and bundles bytes for looking at a scene in a browser; knows nothing of scenes."""
