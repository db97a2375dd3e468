"""The console: what people of the brand see, decide and set."""
