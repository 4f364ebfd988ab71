"""mail_ros: where a robot is indoors, from nothing but its magnetometer."""

__version__ = "0.1.0"
