"""What the programs beside it share: load, servers in processes of their own, tables."""
