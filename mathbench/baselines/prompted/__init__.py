"""Language models as baselines: asked in words, not trained, their replies read by an extraction."""
