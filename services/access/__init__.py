"""Access: who people and programs are; sign-in, sessions, tokens, the audit trail."""
