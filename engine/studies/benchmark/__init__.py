"""Speed and memory, measured again and again, with a verdict on every claim."""
