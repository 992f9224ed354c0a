"""The site over HTTP; the only package that knows Starlette."""
