"""Sweeps: runs over combinations of settings and seeds."""
