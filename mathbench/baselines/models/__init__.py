"""Networks, their common interface and decoding."""
