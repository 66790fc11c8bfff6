"""The version, for code that must not read the package's metadata at start-up."""

__version__ = "0.3.0"
