"""The composition: samples in, estimates out."""
