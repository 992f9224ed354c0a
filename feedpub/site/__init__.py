"""A library, and what went out of it → the site: which feeds and pages there are, every file."""
