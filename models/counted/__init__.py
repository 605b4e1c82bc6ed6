"""Models that learn from who chose what: functions of integer counts."""
