"""Attacks on the assessor of words, made from exercises by rule: what must earn no mark, and what must go on earning
one. Pure and deterministic by seed; `manage.py attack_assessor` runs them.
"""
