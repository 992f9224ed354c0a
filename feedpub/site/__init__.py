"""Build of a site: read the posts, plan feeds and pages, render and write what has changed."""
