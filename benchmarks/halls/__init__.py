"""Free drives through simulated halls, on maps of lawn-mower surveys; and how real the field of a hall is."""
