"""`kembar bench`: what takes how long on this machine, as medians beside the raw limit of the same run. Not tests."""
