"""How good a localizer is: whole walks through the seam, causally."""
