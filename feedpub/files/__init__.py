"""Disk access: scan and watch sources, cache what was read, and write outputs."""
