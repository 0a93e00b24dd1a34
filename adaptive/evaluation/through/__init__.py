"""The recommender played through what a page or an LMS calls, in a course that is gone afterwards."""
