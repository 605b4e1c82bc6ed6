"""Panels that a page is put together from."""
