"""The way back: what an editor made of an exported file becomes the scene again, with its depth."""
