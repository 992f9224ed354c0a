"""Files become posts; posts become feeds and pages."""

__version__ = "0.1.0"
