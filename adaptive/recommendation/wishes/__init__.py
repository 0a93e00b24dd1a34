"""A request in words, understood: which constraints it names, by which of its words, and what is left as its meaning.

Pure: no Django, no clock, no settings; the course's skill names are handed in, the words are in vocabulary/*.toml. No
model reads along, so that the same words always mean the same and nothing in them can give orders. `read_wish` is the
way in, `Wish` what comes out, `keeping.why_not_kept` says whether an item keeps it.
"""
