"""What was last read of a site → what its readers are told they follow, whatever it is like now.

Mail that is planned goes out also where the content folder is away or a template is broken.
"""

from feedpub import files
from feedpub.digests import FilterDescriber, FilterNames
from feedpub.errors import TemplateError
from feedpub.files import BuildCache
from feedpub.library import Library
from feedpub.newsletter.desk import NewsletterContext
from feedpub.publish.making import load_templates
from feedpub.templates import Templates


def build_describer(memory: BuildCache, templates: Templates, library: Library) -> FilterDescriber:
    """Give who tells what is followed of a site that was just read; its names are remembered."""
    names = FilterNames.from_library(library)
    if memory.load_names() != (names.tags, names.authors):
        memory.save_names(names.tags, names.authors)
    return FilterDescriber(templates, names)


def load_describer(desk: NewsletterContext) -> FilterDescriber:
    """Give who tells what is followed of a site as it was last read.

    Tags and authors that nobody remembers have their slugs, and templates that cannot be used are
    those of feedpub.
    """
    where = desk.paths
    try:
        templates = load_templates(where, files.read_templates(where.templates))
    except (TemplateError, OSError):
        templates = load_templates(where, {})
    return FilterDescriber(templates, FilterNames(*BuildCache(where.cache, "").load_names()))
