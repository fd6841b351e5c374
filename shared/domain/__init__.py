"""The pure core: what a partnership, an activity and a rating are. No I/O, no clock, no framework, no chance."""
