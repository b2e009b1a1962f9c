"""What the callbacks are made of: one fit as it is logged, and a part for each thing that is captured."""
