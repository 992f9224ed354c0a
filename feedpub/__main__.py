"""Entry point for `python -m feedpub`."""

import sys

from feedpub.cli import run

if __name__ == "__main__":  # pragma: no branch - a spawned worker imports this and must not run it
    sys.exit(run())
