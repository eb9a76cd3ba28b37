"""What the built-in network sees in a photo: disparity, scene classes, occlusion edges, subject; `perceive` asks it."""
