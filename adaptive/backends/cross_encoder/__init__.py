"""A cross-encoder that reads question, references and answer together and says how the answer stands to them."""
