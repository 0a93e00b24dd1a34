from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from adaptive.common.errors import AdaptiveError
from adaptive.tenants.services import SCOPES, tenant_ensure, token_create


class Command(BaseCommand):
    help = "Makes a token for the REST API and prints it as the last line, this once: only its hash is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the token is for, such as “moodle”")
        parser.add_argument("--tenant", required=True, help="the tenant's slug; the tenant is made where it is new")
        parser.add_argument("--scopes", default="read,write", help=f"of {', '.join(SCOPES)}; with commas (read,write)")

    def handle(self, *args: Any, name: str, tenant: str, scopes: str, **options: Any) -> None:
        wanted = list(dict.fromkeys(scope.strip() for scope in scopes.split(",") if scope.strip()))
        try:
            owner = tenant_ensure(slug=tenant)
            token = token_create(tenant=owner, name=name, scopes=wanted)
        except AdaptiveError as error:
            raise CommandError(error.detail) from None
        except OperationalError as error:
            reason = str(error).splitlines()[0]
            raise CommandError(f"The database does not answer; start it first (make start): {reason}") from None
        self.stdout.write(f"Token “{name}” of {owner.slug} may: {', '.join(wanted)}. It is not shown again:")
        self.stdout.write(token)
