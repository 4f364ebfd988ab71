"""A map of the field with its uncertainty, fitted to a survey, and walks that are drawn from it for training."""
