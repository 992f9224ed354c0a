"""A library → the site: which feeds and pages there are, and every file they become."""

from feedpub.site.outputs import Site, outputs
from feedpub.site.plan import Plan, plan

__all__ = ["Plan", "Site", "outputs", "plan"]
