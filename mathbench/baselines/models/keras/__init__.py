"""Networks in Keras 3, one per file."""
