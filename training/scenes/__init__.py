"""Random scenes with exact depth, classes, things and subjects, rendered fast enough to train on."""
