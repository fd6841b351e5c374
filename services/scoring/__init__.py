"""Scoring: follows the ledger and keeps the ratings of now."""
