"""The definitions of the commands that create, build, check and serve a site."""

from feedpub.cli.commands.spec import CONFIG as _CONFIG
from feedpub.cli.commands.spec import JSON, Argument, Command, Option, ParamType

SHELLS = ("bash", "zsh", "fish")

BUILD = Command(
    "build",
    "build the site: write feeds and pages",
    "Read the content folder, and write feeds and pages to the output folder.\n"
    "Files that cannot be published are reported with line and reason, and left out; the rest is\n"
    "published. Only changed files are written. Status: 0, or 1 if anything was left out.",
    (
        ("feedpub build", "publish what is due"),
        ("feedpub build --drafts --future --output /tmp/preview", "preview unpublished posts"),
        ("feedpub build --strict", "fail on warnings too, as in CI"),
    ),
    (
        _CONFIG,
        Option("--output", "write to this folder instead of the configured one", ParamType.FOLDER),
        Option("--drafts", "also publish drafts"),
        Option("--future", "also publish posts dated in the future"),
        Option("--strict", "exit with status 1 on warnings too"),
        JSON,
        Option("--clean", "discard the build cache, and rebuild everything"),
    ),
)
CHECK = Command(
    "check",
    "report problems, and write nothing",
    "Check content, configuration, templates, the feeds as they would be written, and\n"
    "internal links. Nothing is written. Status: 0, or 1 on any problem, warnings included.",
    (
        ("feedpub check", "before you publish"),
        ("feedpub check --json | jq -r '.problems[].path' | sort -u", "the files to fix"),
    ),
    (_CONFIG, JSON),
)
IMPORT_CHECK = Command(
    "import-check",
    "list URLs of an old site that lead nowhere now",
    "Compare the URLs of an old site with this one: OLD is its sitemap.xml, a list with one URL\n"
    "per line, or its output folder. Each URL that leads nowhere is listed with the post that it\n"
    "probably belongs to. Nothing is written. Status: 0, or 1 if any leads nowhere.",
    (
        ("feedpub import-check ../old/_site", "before the move"),
        ("curl -O https://example.org/sitemap.xml; feedpub import-check sitemap.xml", "or after"),
    ),
    (_CONFIG, JSON),
    Argument("old", "OLD", "a sitemap, a list of URLs, or a folder", ParamType.FILE),
)
SERVE = Command(
    "serve",
    "serve the site, or preview it while you write",
    "Serve the last build until Ctrl-C or SIGTERM. With --live, preview while you write: drafts\n"
    "and posts dated in the future are included, the site is rebuilt into .feedpub/live/ on each\n"
    "change, and pages reload automatically; it is reachable from this machine only, unless\n"
    "--host is given. Status: 0, or 1 if nothing is built or the port is in use.",
    (
        ("feedpub serve --live", "preview while you write"),
        ("feedpub serve --host 0.0.0.0 --port 80", "publicly, without nginx"),
    ),
    (
        Option(
            "--host", "listen on this address instead of the configured one", ParamType.TEXT, "IP"
        ),
        Option("--port", "listen on this port; 0 for any free port", ParamType.PORT),
        Option("--live", "rebuild and reload on each change"),
        _CONFIG,
    ),
)
INIT = Command(
    "init",
    "create a new site",
    "Create a working site: config.yaml, a first post, .gitignore. Existing files are not\n"
    "changed; posts already in content/ become part of the site.",
    (("feedpub init blog", "in a new folder blog"), ("feedpub init", "in this folder")),
    argument=Argument("folder", "DIR", "where (default: here)", ParamType.FOLDER, optional=True),
)
NEW = Command(
    "new",
    "start a post",
    "Write a content file with title, date and author filled in. It is a draft: remove the line\n"
    "`draft: true` when it is ready.",
    (
        ('feedpub new "My first journey"', "writes content/my-first-journey.md"),
        ('feedpub new "AT&T, again" --author ann', "by an author in authors:"),
    ),
    (Option("--author", "the author: a key of authors:", ParamType.TEXT, "KEY"), _CONFIG),
    Argument("title", "TITLE", "the title, in quotes"),
)
CONFIG = Command(
    "config",
    "print the whole configuration, explained",
    "Print the configuration with all defaults and the meaning of each key. It is YAML that can\n"
    "be used as it is. ${NAME} is printed as written, not replaced by its value.",
    (
        ("feedpub config", "what is in force"),
        ("feedpub config > full.yaml", "save it as a file to edit"),
    ),
    (_CONFIG,),
)
COMPLETION = Command(
    "completion",
    "print a completion script for a shell",
    "Print a script that completes feedpub commands, options and file names in a shell.",
    (
        ('eval "$(feedpub completion bash)"', "in ~/.bashrc"),
        ('eval "$(feedpub completion zsh)"', "in ~/.zshrc, after compinit"),
        ("feedpub completion fish | source", "in ~/.config/fish/config.fish"),
    ),
    argument=Argument("shell", "SHELL", "bash, zsh or fish", choices=SHELLS),
)
