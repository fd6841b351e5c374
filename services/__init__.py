"""The three services. They meet in the ledger and never import each other."""
