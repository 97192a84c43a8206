"""Tests by distance from the hardware."""
