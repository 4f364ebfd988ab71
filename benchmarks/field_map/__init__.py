"""Training on walks drawn from a map of the field."""
