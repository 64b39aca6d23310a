"""What is written for the two programs of a SageMaker bundle: templates that the tools check, and of which a run gets its parts."""
