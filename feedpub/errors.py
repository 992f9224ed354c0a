"""Exceptions that feedpub raises on purpose.

FeedpubError          the command cannot continue; one message: what, where and what to do
├── ConfigError       config.yaml is invalid; carries every problem found in it
├── TemplateError     a template is missing or refers to an undefined name
├── OutputError       the output folder may not, or cannot, be written
└── MailError         mail cannot be signed, sent or fetched; never contains a secret
PostError             one file cannot be published; the others still are
"""

from feedpub.models.content import Problem


class FeedpubError(Exception):
    """The command cannot continue. The message says what is wrong, where, and what to do."""


class ConfigError(FeedpubError):
    """The configuration is invalid.

    `problems` holds every problem found, so that one run reports all of them.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class TemplateError(FeedpubError):
    """A template cannot be rendered; the message begins with `template:line:`."""


class OutputError(FeedpubError):
    """The output folder may not, or cannot, be written."""


class MailError(FeedpubError):
    """Mail cannot be signed, sent or fetched; the message quotes the server's reply."""


class PostError(Exception):
    """One file cannot be published, for the reason in `problem`. The build continues without it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
