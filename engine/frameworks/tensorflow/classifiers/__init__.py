"""One classifier a file; the listing says which there are."""
