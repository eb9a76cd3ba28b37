"""The terminal: read, call, save; nothing else."""
