"""What was looked at → whether it is as it should be, and what to do."""

from dataclasses import dataclass

OK, WARN, FAIL, UNKNOWN = "good", "poor", "bad", "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `bad` keeps mail from arriving, or from being sent at all; `poor` does so for some, or may; of
    what is `unknown` nobody could be asked.
    """

    about: str  # "SPF", "disk", ...
    state: str  # GOOD, POOR, BAD or UNKNOWN
    told: str  # what is the case
    advice: str = ""  # what to do; "" where it is good


def ok(about: str, told: str) -> Finding:
    """Tell of something that is as it should be."""
    return Finding(about, OK, told)


def warn(about: str, told: str, advice: str) -> Finding:
    """Tell of something that could be better."""
    return Finding(about, WARN, told, advice)


def fail(about: str, told: str, advice: str) -> Finding:
    """Tell of something that must be mended."""
    return Finding(about, FAIL, told, advice)


def unknown(about: str, told: str, advice: str) -> Finding:
    """Tell of something that could not be found out."""
    return Finding(about, UNKNOWN, told, advice)
