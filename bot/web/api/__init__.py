"""`/api/v1`: for shop systems and other programs."""
