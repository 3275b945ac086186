"""Real data from its publisher: what there is, how it is fetched, and how archives are opened without harm."""
