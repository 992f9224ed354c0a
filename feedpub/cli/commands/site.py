"""The definitions of the commands that create, build, check and serve a site."""

from feedpub.cli.commands.spec import CONFIG as _CONFIG
from feedpub.cli.commands.spec import JSON, Argument, Command, Option, ParamType

SHELLS = ("bash", "zsh", "fish")

BUILD = Command(
    "build",
    "publish the folder: write feeds and pages",
    "Publish: read the content folder, write feeds and pages to the output folder.\n"
    "Files that cannot be published are named with line and reason, and left out; the rest is\n"
    "published. Only what changed is written. Status: 0, or 1 if anything was left out.",
    (
        ("feedpub build", "publish what is due"),
        ("feedpub build --drafts --future --output /tmp/preview", "see what is still to come"),
        ("feedpub build --strict", "warnings are failures too, as in CI"),
    ),
    (
        _CONFIG,
        Option("--output", "write here instead of the configured folder", ParamType.FOLDER),
        Option("--drafts", "publish drafts as well"),
        Option("--future", "publish posts dated in the future as well"),
        Option("--strict", "end with status 1 on warnings too"),
        JSON,
        Option("--clean", "forget what earlier builds remembered, and write all anew"),
    ),
)
CHECK = Command(
    "check",
    "say what is wrong, and write nothing",
    "Check content, configuration, templates, the feeds as they would be written, and inner\n"
    "links. Nothing is written. Status: 0, or 1 if there is any problem, warnings included.",
    (
        ("feedpub check", "before you publish"),
        ("feedpub check --json | jq -r '.problems[].path' | sort -u", "the files to mend"),
    ),
    (_CONFIG, JSON),
)
IMPORT_CHECK = Command(
    "import-check",
    "say which addresses of an old site lead nowhere now",
    "Compare the addresses of an old site with this one: OLD is its sitemap.xml, a list with one\n"
    "URL in each line, or the folder it was built in. Each address that leads nowhere is named,\n"
    "with the post that probably was there. Nothing is written. Status: 0, or 1 if any leads\n"
    "nowhere.",
    (
        ("feedpub import-check ../old/_site", "before you move"),
        ("curl -O https://example.org/sitemap.xml; feedpub import-check sitemap.xml", "or after"),
    ),
    (_CONFIG, JSON),
    Argument("old", "OLD", "a sitemap, a list of URLs, or a folder", ParamType.FILE),
)
SERVE = Command(
    "serve",
    "serve the site, or preview it while you write",
    "Serve what was built last, until Ctrl-C or SIGTERM. With --live, preview while you write:\n"
    "what is drafted or dated in the future is shown too, the site is built again at each\n"
    "change, into .feedpub/live/, and pages load again by themselves; nobody but this machine\n"
    "sees it, unless --host says so. Status: 0, or 1 if nothing is built or the port is taken.",
    (
        ("feedpub serve --live", "write, and watch"),
        ("feedpub serve --host 0.0.0.0 --port 80", "to everybody, without nginx"),
    ),
    (
        Option(
            "--host", "listen at this address instead of the configured one", ParamType.TEXT, "IP"
        ),
        Option("--port", "likewise its port; 0 for any that is free", ParamType.PORT),
        Option("--live", "build again and show it at each change"),
        _CONFIG,
    ),
)
INIT = Command(
    "init",
    "make a new site",
    "Make a working site: config.yaml, a first post, .gitignore. Nothing that is there already\n"
    "is changed; posts that lie in content/ become the site's.",
    (("feedpub init blog", "in the new folder blog"), ("feedpub init", "right here")),
    argument=Argument("folder", "DIR", "where (default: here)", ParamType.FOLDER, optional=True),
)
NEW = Command(
    "new",
    "start a post",
    "Write a content file with title, date and author filled in. It is a draft: take the line\n"
    "`draft: true` out when it is ready.",
    (
        ('feedpub new "My first journey"', "writes content/my-first-journey.md"),
        ('feedpub new "AT&T, again" --author ann', "by a key of authors:"),
    ),
    (Option("--author", "who writes: a key of authors:", ParamType.TEXT, "KEY"), _CONFIG),
    Argument("title", "TITLE", "the title, in quotes"),
)
CONFIG = Command(
    "config",
    "print the whole configuration, explained",
    "Print the configuration with every default, each key with what it means. It is YAML that\n"
    "can be used as it is. What ${NAME} stands for is not printed: the name is.",
    (
        ("feedpub config", "what is in force"),
        ("feedpub config > full.yaml", "keep it as a file to edit"),
    ),
    (_CONFIG,),
)
COMPLETION = Command(
    "completion",
    "print a completion script for a shell",
    "Print what makes the shell complete commands, options and file names of feedpub.",
    (
        ('eval "$(feedpub completion bash)"', "in ~/.bashrc"),
        ('eval "$(feedpub completion zsh)"', "in ~/.zshrc, after compinit"),
        ("feedpub completion fish | source", "in ~/.config/fish/config.fish"),
    ),
    argument=Argument("shell", "SHELL", "bash, zsh or fish", choices=SHELLS),
)
