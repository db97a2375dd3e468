"""People's pages and the API."""
