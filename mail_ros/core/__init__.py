"""What runs on the robot: numpy and safetensors, no ROS and no files but the model."""
