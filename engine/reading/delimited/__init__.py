"""Delimited text: its dialect, a fast way and a tolerant way to read it."""
