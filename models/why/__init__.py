"""Why: what an explanation is tested for, and what would change a list."""
