"""Models that learn from ratings, by scikit-surprise."""
