"""Independent solvers: they read a question as text and answer it, sharing nothing with what generates questions."""
