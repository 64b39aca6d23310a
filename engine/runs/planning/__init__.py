"""What is known of a run before it starts: its texts, what stands in its way, and how long it will take."""
