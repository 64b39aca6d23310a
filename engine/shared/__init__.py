"""What is made once for both frameworks, and belongs to neither."""
