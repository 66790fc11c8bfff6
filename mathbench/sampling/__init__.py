"""Which problem a row shows: plans, bijections, rejection sampling."""
