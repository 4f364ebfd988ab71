"""Whether LOCALIZED keeps its promise where a model was not surveyed, or surveyed in one direction only."""
