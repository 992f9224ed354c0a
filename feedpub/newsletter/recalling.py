"""What was last read of a site → what its readers are told they follow, whatever it is like now.

Mail that is planned goes out also where the content folder is away or a template is broken.
"""

from feedpub import files
from feedpub.digests import Following, Names
from feedpub.errors import TemplateError
from feedpub.files import Memory
from feedpub.library import Library
from feedpub.newsletter.desk import Desk
from feedpub.publish.making import look
from feedpub.templates import Templates


def known(memory: Memory, templates: Templates, library: Library) -> Following:
    """Give who tells what is followed of a site that was just read; its names are remembered."""
    names = Names.of(library)
    if memory.names() != (names.tags, names.authors):
        memory.keep_names(names.tags, names.authors)
    return Following(templates, names)


def recalled(desk: Desk) -> Following:
    """Give who tells what is followed of a site as it was last read.

    Tags and authors that nobody remembers have their slugs, and templates that cannot be used are
    those of feedpub.
    """
    where = desk.where
    try:
        templates = look(where, files.texts(where.templates))
    except (TemplateError, OSError):
        templates = look(where, {})
    return Following(templates, Names(*Memory(where.memory, "").names()))
