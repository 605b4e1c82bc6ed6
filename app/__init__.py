"""What people and programs touch: pages, command line, and the use cases they share."""
