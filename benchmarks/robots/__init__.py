"""What a robot does that a surveyor does not, and what it costs: before and after the front end for robots."""
