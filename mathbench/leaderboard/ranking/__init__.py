"""Rankings, macro averages and comparisons of submissions, and tables as text."""
