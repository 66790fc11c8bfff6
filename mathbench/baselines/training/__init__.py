"""Training: batches, the loop, progress and trackers."""
