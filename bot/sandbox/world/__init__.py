"""The people, groups and accounts that exist, and how a world file describes them."""
