"""Where walks come from: bags, importers, the simulator."""
