"""The Official Account server API, one module per chapter of its documents."""
