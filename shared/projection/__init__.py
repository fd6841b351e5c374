"""From the ledger into tables: what the three services' projections have in common."""
