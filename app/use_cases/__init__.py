"""The rooms behind the three doors: one function a use case."""
