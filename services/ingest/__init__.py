"""Ingest: the one way into the ledger. It checks, decides, appends, and answers with a receipt."""
