"""The edit room: operations on a finished scene, each a pure function from scene to scene."""
