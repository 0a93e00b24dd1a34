"""View models: what a page draws, as plain frozen data. They read rows they are given and query nothing."""
