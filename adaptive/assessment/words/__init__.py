"""Assessing answers in the learner's own words."""
