"""What runs on the robot: numpy, torch and safetensors, no ROS and no files but the model."""
