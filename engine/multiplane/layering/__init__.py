"""Ordering, merging, naming and peeling: from segments to sheets. Import from the module that defines a name."""
