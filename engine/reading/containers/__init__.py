"""What tables come in: compressed files and archives, unfolded within limits; and what is no table at all."""
