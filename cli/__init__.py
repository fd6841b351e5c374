"""The command line, and the engines that it starts on one machine."""
