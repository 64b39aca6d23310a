"""What is written for a standalone script: a template that the tools check, and of which a run gets the parts that it needs."""
