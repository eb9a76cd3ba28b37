"""Turns an image file into a Photo: upright, in sRGB, at its full bit depth, with its focal length."""
