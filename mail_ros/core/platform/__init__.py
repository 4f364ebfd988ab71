"""What carries the sensor: its odometry, and its robot file."""
