"""Training on walks that are drawn from a map of the field."""
