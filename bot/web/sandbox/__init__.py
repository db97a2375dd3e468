"""The sandbox's page: be the customer, be the guide, move time, and read why."""
