"""The coverage map of a survey: a PNG picture, and an HTML page that needs nothing else."""
