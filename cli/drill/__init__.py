"""Drills: the production topology as plain processes on this machine, a disaster under load, and what was lost of it."""
