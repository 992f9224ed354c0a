"""Read the content folder: classify files, parse front matter and render Markdown.

`reader.PostReader` reads one file; the `library` package places posts in the site.
"""
