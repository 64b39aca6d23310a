"""What a coordinator makes for its workers before they train."""
