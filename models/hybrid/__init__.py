"""The model over readable signals of the others."""
