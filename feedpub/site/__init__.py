"""A library, and what went out of it → the site: which feeds and pages there are, every file."""

from feedpub.site.issues import ARCHIVE_FOLDER, build_archive_url, build_issue_url
from feedpub.site.menu import find_missing_pages
from feedpub.site.outputs import SiteContext, build_outputs
from feedpub.site.plan import SitePlan, plan_site
from feedpub.site.signup import build_signup_options

__all__ = [
    "ARCHIVE_FOLDER",
    "SiteContext",
    "SitePlan",
    "build_archive_url",
    "build_issue_url",
    "build_outputs",
    "build_signup_options",
    "find_missing_pages",
    "plan_site",
]
