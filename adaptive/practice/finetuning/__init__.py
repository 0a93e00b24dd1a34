"""Learning from a school's own marks: data, learning, judging on answers left out, versions, background jobs."""
