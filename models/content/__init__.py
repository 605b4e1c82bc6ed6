"""The model of what items are, by scikit-learn."""
