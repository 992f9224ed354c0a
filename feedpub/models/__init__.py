"""Domain values and the pure functions on them, shared by every other package."""
