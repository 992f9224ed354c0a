"""What stops a command, as opposed to what is wrong with one post.

FeedpubError          the command cannot go on: one line saying what, where and what to do
├── ConfigError       config.yaml cannot be used; holds every fault found in it
├── TemplateError     a template is missing or names something that does not exist
├── OutputError       the output folder must not, or cannot, be written
└── MailError         mail cannot be signed, sent or fetched at all; no secret is in the message
PostError             one file cannot be published; the rest is
"""

from feedpub.models.content import Problem


class FeedpubError(Exception):
    """The command cannot go on. The message says what is wrong, where, and what to do."""


class ConfigError(FeedpubError):
    """The configuration cannot be used.

    `problems` holds every fault found, so that one run shows them all.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class TemplateError(FeedpubError):
    """A template cannot be rendered; the message begins with `template:line:`."""


class OutputError(FeedpubError):
    """The output folder must not, or cannot, be written."""


class MailError(FeedpubError):
    """Mail cannot be signed, sent or fetched at all; the message says what the other side said."""


class PostError(Exception):
    """One file cannot be published; `problem` says where and why, and the rest goes on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
