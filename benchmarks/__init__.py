"""Figures beside other libraries, in one process tree, as ratios."""
