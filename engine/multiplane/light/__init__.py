"""Light: shadow layers tied to what casts them, normals, shading and albedo, the key light, and relighting."""
