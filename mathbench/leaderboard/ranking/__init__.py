"""From submissions to rankings, comparisons and tables."""
