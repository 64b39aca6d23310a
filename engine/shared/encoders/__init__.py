"""Pre-trained encoders: found, read, kept and written without any framework."""
