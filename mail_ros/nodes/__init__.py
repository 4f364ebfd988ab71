"""The only place that imports rclpy. A node translates and decides nothing."""
