"""What is measured: of every person, every list, every provider."""
