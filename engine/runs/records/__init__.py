"""What a run and its workers write down, one frozen dataclass each, and the one reader and writer of them."""
