"""A run or a benchmark as one file to send: HTML or a model card."""
