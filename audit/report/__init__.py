"""The report of an audit, for a reviewer: the JSON document of a run as one HTML file or one PDF."""
