"""`python -m feedpub` is `feedpub`."""

import sys

from feedpub.cli import run

if __name__ == "__main__":  # pragma: no branch - a spawned worker imports this, and runs nothing
    sys.exit(run())
