"""How good a localizer is: whole walks through the localizer's `push`, causally."""
