"""From a short drive to a robot file: `drive` reads, `motor` and `iron` fit, `calibrate` puts together."""
