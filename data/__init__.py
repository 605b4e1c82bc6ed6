"""What enters and what is kept: the vocabulary of tables, loaders, the demo world, the stores."""
