"""Content files become manuscripts: front matter read and understood, Markdown rendered."""
