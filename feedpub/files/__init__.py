"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""
