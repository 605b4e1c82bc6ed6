"""What ranks and explains: recommenders, explanations, slider and policies."""
