"""Building blocks of several task families."""
