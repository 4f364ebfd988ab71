"""What runs on the robot: numpy and safetensors, onnxruntime if asked for; no ROS, no files but the model."""
