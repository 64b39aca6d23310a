"""A trained model as a file that needs nothing of Parity, checked by its own runtime."""
