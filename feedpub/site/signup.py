"""A library → what somebody may choose who signs up for the newsletter."""

from feedpub.config import Config
from feedpub.library import Library
from feedpub.model import SignupOptions


def build_signup_options(config: Config, library: Library) -> SignupOptions:
    """Give all that there is to follow, each in order of its name, and the site's languages."""
    own = config.site.language
    others = (language for language, _ in library.languages)
    return SignupOptions(
        tags=tuple(tag for tag, _ in library.tags),
        authors=tuple(author for author, _ in library.authors),
        languages=tuple(dict.fromkeys((own, *others))),
        confirms=config.subscribers.double_opt_in,
        action=f"{config.readers_url}subscribe" if config.subscribers.host else "",
    )
