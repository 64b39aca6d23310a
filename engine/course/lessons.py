"""All lessons of the course, by week."""

from __future__ import annotations

from engine.course.fundamentals import FUNDAMENTALS
from engine.course.lesson import Lesson
from engine.course.practice import PRACTICE

LESSONS: dict[int, Lesson] = {lesson.week: lesson for lesson in (*FUNDAMENTALS, *PRACTICE)}
"""Eight weeks, in their order."""
