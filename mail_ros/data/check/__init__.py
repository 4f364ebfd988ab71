"""Whether a survey's bags are usable for training, judged from the recorded messages, without ROS.

bag --> Recording --> samples, landmarks, labels, windows --> BagReport
        field, stamps, landmarks, odometry                    findings with names and numbers
"""
