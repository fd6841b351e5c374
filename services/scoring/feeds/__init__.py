"""What others read of the alerts by themselves: Atom, iCalendar, a live stream, and a stream of NATS."""
