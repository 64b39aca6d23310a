"""What a worker can be asked to do, one job a file."""
