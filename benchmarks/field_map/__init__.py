"""A map of the field, compared with matching."""
