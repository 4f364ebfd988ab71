"""From magnetometer samples to rows of a window: axes, checks, resampling by time or by distance."""
