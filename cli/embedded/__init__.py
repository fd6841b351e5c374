"""The real engines on one machine: PostgreSQL and nats-server from their wheels, started, watched and stopped here."""
