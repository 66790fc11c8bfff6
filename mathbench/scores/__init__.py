"""Scores: the results, how they are computed, and the files of predictions."""
