"""What the three FastAPI apps have in common."""
