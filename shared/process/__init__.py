"""What every process needs: its settings, the one clock, its logs and metrics."""
