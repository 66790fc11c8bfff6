"""The version, in one place for code that must not import the package's metadata at start-up."""

__version__ = "0.2.0"
