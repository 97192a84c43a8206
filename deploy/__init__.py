"""Everything that runs Throughline: the command line, the local stack, the simulators, the images."""
