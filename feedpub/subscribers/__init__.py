"""Management of the subscriber list, and its import and export as CSV."""
