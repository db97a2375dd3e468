"""Programs that send nonsense, and the nonsense they send."""
