"""A library, and what went out of it → the site: which feeds and pages there are, every file."""

from feedpub.site.issues import ISSUES, digest_address, issue_address
from feedpub.site.menu import missing
from feedpub.site.outputs import Site, outputs
from feedpub.site.plan import Plan, plan
from feedpub.site.signup import choices

__all__ = [
    "ISSUES",
    "Plan",
    "Site",
    "choices",
    "digest_address",
    "issue_address",
    "missing",
    "outputs",
    "plan",
]
