"""The parts of a binary glTF: its document, textures, shapes, materials, lights and camera moves."""
