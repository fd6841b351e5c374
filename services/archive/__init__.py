"""Archive: keeps a second copy of the ledger in plain files."""
