"""Faults survived, each shown against real processes: gunicorn, the worker and a PostgreSQL of our own."""
