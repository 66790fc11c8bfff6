"""Task families, one file each; `mathbench.families` lists where each one is."""

from mathbench.families import family, names, task

__all__ = ["family", "names", "task"]
