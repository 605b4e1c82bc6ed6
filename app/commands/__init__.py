"""The commands of `sightglass`, a file for each kind of work."""
