"""The demo: a fictional shop's month, played over real HTTP against the sandbox."""
