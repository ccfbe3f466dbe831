"""Tributary: the web application around the optimizer."""
