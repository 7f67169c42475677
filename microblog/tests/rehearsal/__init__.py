"""Heroku imitated on one machine, for `bin/rehearse-dyno` and the tests of faults. Standard library only."""
