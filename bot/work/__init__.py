"""Work that happens apart from an answer: what it needs, and how it is distributed."""
