"""Bytes: reading JSON strictly, the canonical form, the envelope of an event, problem documents."""
