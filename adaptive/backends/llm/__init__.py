"""Language models behind one small interface (`base.LanguageModel`), chosen by dotted path in the settings."""
