"""Guided tours of the demo round, one for each role."""
