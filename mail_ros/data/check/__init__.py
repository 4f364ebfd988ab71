"""Whether a survey's bags can be trained from, and if not, why: decided from what was recorded, without ROS.

bag --> Recording --> samples, places, windows --> BagReport
        field, stamps, landmarks, odometry         findings with names, numbers
"""
