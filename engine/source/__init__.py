"""The code that ran, as something to read, to count and to take home."""
