"""All lessons of the course, by week."""

from __future__ import annotations

from engine.evidence.course.fundamentals import FUNDAMENTALS
from engine.evidence.course.lesson import Lesson
from engine.evidence.course.practice import PRACTICE

LESSONS: dict[int, Lesson] = {lesson.week: lesson for lesson in (*FUNDAMENTALS, *PRACTICE)}
"""Eight weeks, in their order."""
