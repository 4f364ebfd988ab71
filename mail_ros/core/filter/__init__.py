"""The recursive Bayes filter over map cells: motion, measurement, stationary detection."""
