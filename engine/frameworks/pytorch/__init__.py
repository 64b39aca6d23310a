"""The wing in PyTorch; nothing else in the house imports it."""
