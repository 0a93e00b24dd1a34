"""Sentence embeddings behind one small interface (`base.EmbeddingModel`), chosen by dotted path in the settings."""
