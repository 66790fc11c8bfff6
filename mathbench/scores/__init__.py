"""Scores: results and their schemas, the scorer, metrics and statistics, and files of predictions."""
