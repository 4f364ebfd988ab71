"""What runs on the robot: numpy and safetensors; no ROS, no files but the model."""
