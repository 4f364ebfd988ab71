"""Robot file from a calibration drive: `calibration_drive` reads, `motor` and `iron` fit, `calibration` combines."""
