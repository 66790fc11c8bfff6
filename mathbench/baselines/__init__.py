"""Baselines: what answers questions, how it is trained and scored, and the run directory that keeps the outcome."""
