"""May a mark by machine count before a person has seen it? Pure: numpy, no Django."""
