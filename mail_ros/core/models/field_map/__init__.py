"""A map of the field: its mean and deviation in every cell, compared along the device's own path."""
