"""A member's data, out (sections, pages, write) and in (reading, sources, subjects, take)."""
