"""Rooms in which many people draw with their phones, for one speaker."""
