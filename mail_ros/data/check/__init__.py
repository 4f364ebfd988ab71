"""Whether a survey's bags are usable for training, judged from the recorded messages, without ROS."""
