"""Independent solvers: text of a question to text of its answer, with no code of the generators."""
