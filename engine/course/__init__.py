"""Eight weeks of lessons whose questions are answered by live runs."""
