"""Localization anywhere in an area: recorded walks through a lobby, recorded drives through a room."""
