"""What judges: metrics over saved tables, groups, findings, evidence, reports. Knows no model."""
