"""Fitting a map of the field to a survey, by Gaussian processes."""
