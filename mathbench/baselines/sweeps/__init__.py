"""Many runs over settings and seeds."""
