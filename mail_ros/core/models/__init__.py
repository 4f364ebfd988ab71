"""What is known of a site: one folder per model kind, and the model file."""
