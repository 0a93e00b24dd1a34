from collections.abc import Callable
from functools import cache

from django.contrib import admin

from adaptive.catalog.models import Course
from adaptive.mastery.selectors import ReplayProgress, replay_progress


class LookOnly(admin.ModelAdmin):
    """A table that nobody edits by hand."""

    show_full_result_count = False  # counting a million attempts for a heading helps nobody

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def states_column() -> Callable[[Course], str]:
    """A column for a list of courses: how many learners' states follow the model in use. Made anew for each list."""
    progress: Callable[[], dict[int, ReplayProgress]] = cache(lambda: replay_progress(Course.objects.all()))

    @admin.display(description="learners' states")
    def states(course: Course) -> str:
        found = progress().get(course.pk)
        return "" if found is None else in_words(found)

    return states


def in_words(progress: ReplayProgress) -> str:
    """ "12 of 30 by the model in use, 18 to follow"."""
    done = progress.n_states - progress.n_waiting
    words = f"{done:,} of {progress.n_states:,} by the model in use"
    if progress.n_waiting:
        words += f", {progress.n_waiting:,} to follow"
    if progress.n_failed:
        words += f" ({progress.n_failed:,} failed: {progress.error[:200]})"
    return words
