"""A day of data with faults through the localizer node."""
