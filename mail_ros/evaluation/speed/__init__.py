"""What an estimate costs: `mail_ros benchmark speed`."""
