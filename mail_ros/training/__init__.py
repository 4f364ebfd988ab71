"""From labelled walks to a model file."""
