"""What may be concluded: intervals, tests, families, answers, group tables."""
