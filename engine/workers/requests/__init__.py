"""What a study asks of its workers and what they answer: one module a job, known to both sides of the channel."""
