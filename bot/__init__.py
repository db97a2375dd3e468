"""The engine of the private-domain assistant."""
