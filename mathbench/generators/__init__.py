"""Task families, one per file; `mathbench.families` is their registry."""

from mathbench.families import family, names, task

__all__ = ["family", "names", "task"]
