"""Move a Flask Microblog in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, IntegrityError

from blog.moving import Move, SourceError, import_from, opened, parse
from blog.moving.progress import Progress
from blog.moving.report import Report


class Command(BaseCommand):
    help = (
        "Take people, follows, posts and private messages from the database of a Flask Microblog of any edition "
        "(SQLite, PostgreSQL, MySQL), which is only read. Run it again to go on after an interruption, or to take what "
        "was added since."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="path/to/app.db, sqlite:///…, postgres://…, mysql+pymysql://…")
        parser.add_argument(
            "--dry-run", action="store_true", help="write nothing; say what would be taken and what not"
        )
        parser.add_argument(
            "--source", default="microblog", help="a name for the old database, if you move in from several"
        )

    def handle(self, *args: Any, url: str, dry_run: bool, source: str, **options: Any) -> None:
        report = Report()
        try:
            address = parse(url)
            with opened(address) as database:
                self.stdout.write(f"Reading {address}{', writing nothing' if dry_run else ''}.")
                move = Move(database, source, report, Progress(self.stderr), dry_run=dry_run)
                import_from(move)
        except SourceError as error:
            raise CommandError(str(error)) from None
        except IntegrityError as error:
            raise CommandError(f"The site changed meanwhile. Nothing is lost: run this again.\n{error}") from error
        except DatabaseError as error:
            raise CommandError(f"The site's own database: {error}\nRun this again to go on.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was taken is whole: run this again to go on.") from None
        for line in report.lines():
            self.stdout.write(line)
        self.stdout.write(f"{'Dry run, nothing was written: would be' if dry_run else 'Done:'} {report.total()}")
