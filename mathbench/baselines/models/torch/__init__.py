"""Networks in PyTorch, one per file."""
