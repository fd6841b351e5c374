"""Reports: follows the ledger, keeps every event queryable under both clocks, and makes what people read."""
