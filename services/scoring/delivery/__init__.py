"""What becomes of an alert: who is to be told, when, how it is sent, and how that went."""
