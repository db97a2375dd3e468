"""What people do in the world: customers, guides and the corp's admin. These call back; API calls do not."""
