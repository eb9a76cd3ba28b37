"""Reads what an image file stores, as it is stored: samples, transparency, profile and metadata, uninterpreted."""
