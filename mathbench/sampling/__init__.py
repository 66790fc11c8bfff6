"""The map from row numbers to problems: plans, keyed bijections, rejection sampling."""
