"""One file per cue that a single picture gives about depth; each turns colours into a map or a number, nothing more."""
