"""From a scene to files and back."""
