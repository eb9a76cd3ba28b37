"""Pure functions on arrays of pixels; no nouns, no files. Import from the module that defines a name."""
