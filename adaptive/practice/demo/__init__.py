"""The demonstration: a school that does not exist, made by a seeded simulation and labelled as simulated.

people and logins say who, simulation and answering what they did (all pure), services stores it.
"""
