"""Files are read in a process of their own, within limits of time and memory, so that no file can hold or end the one that asks."""
