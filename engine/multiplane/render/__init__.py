"""From a scene to pictures: camera paths, warped views, video."""
