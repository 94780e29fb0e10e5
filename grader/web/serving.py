"""Sets the Django project up for one data folder, and serves it."""

import resource
from collections.abc import Callable
from typing import Any

from grader.store import open_store, wait_for_lock
from grader.web.arriving import stamp_requests
from grader.web.settings import UPLOAD_BYTES, Served, settings_for, tables_settings

FIRST_LOGIN = "admin"
# Who did what a start does by itself, in the course's record.
BY = "course serve"
THREADS = 8
PROXY_HEADERS = "x-forwarded-for x-forwarded-proto"
# Browsers keep several open for a while, of a whole course at a due time. Each costs a few kB.
CONNECTIONS = 4_000
# Of the files that this process may have open, for all else.
_OTHER_FILES = 300


def set_up(served: Served) -> Callable[..., Any]:
    """The WSGI application, with its tables made or brought up to date. Once a process.

    Raises `GraderError` when the database cannot be used.
    """
    import django
    from django.conf import settings

    served.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    from grader.store.secret import read_or_make_secret

    settings.configure(**settings_for(served, read_or_make_secret(served.data / "secret")))
    django.setup()
    migrate(served)
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def know_tables() -> None:
    """Let this process know the web's tables, without serving anything; before a store is opened.

    Where Django is set up already, that stays.
    """
    from django.conf import settings

    if not settings.configured:
        # Nobody is answered, but allauth wants to see its part of that.
        middleware = ["allauth.account.middleware.AccountMiddleware"]
        settings.configure(**tables_settings(), DATABASES={}, MIDDLEWARE=middleware)


def migrate(served: Served) -> None:
    """Make the web's tables, or bring them up to date; the store's too."""
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    open_store(served.data).close()
    with wait_for_lock(served.data / "setup.lock"):
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", database="default", verbosity=0)
        call_command("createcachetable", verbosity=0)  # where the cache is one of the tables
        call_command("clearsessions", verbosity=0)  # of browsers that never logged out
    connections["default"].close()


def invite_first_instructor(served: Served) -> str | None:
    """A link that sets the first instructor's password, until one is set; else None.

    Makes the account where nobody is an instructor yet. A link, since what is printed at a start
    stays in logs: it serves once.
    """
    from grader.web.account.inviting import invite, link_of
    from grader.web.models import Account, StaffRole
    from grader.web.visits import Role

    instructors = list(StaffRole.objects.filter(role=Role.INSTRUCTOR).select_related("account"))
    store = open_store(served.data)
    if not instructors:
        account, _ = Account.objects.get_or_create(login=FIRST_LOGIN)
        account.set_unusable_password()
        account.save()
        StaffRole.objects.create(account=account, role=Role.INSTRUCTOR)
        store.record.note(by=BY, what="account made", subject=FIRST_LOGIN, detail="instructor")
    elif len(instructors) > 1 or not _is_unused(account := instructors[0].account):
        return None
    [(_, secret)] = invite([account], store, by=BY)
    return link_of(served.address, secret)


def _is_unused(account: Any) -> bool:
    """Whether it is the first instructor's, who has not come yet."""
    is_first = account.login == FIRST_LOGIN and account.is_active
    return is_first and not account.has_usable_password() and account.last_login is None


def serve(
    application: Callable[..., Any],
    host: str,
    port: int,
    *,
    threads: int = THREADS,
    proxy: str | None = None,
) -> None:
    """Answer requests until the process is interrupted.

    A request is handed on only once it is here as a whole, so that a slow sender holds no thread.
    A `proxy` is the address of one that says who asks, and whether they did so by https; what
    others say of that is not believed.
    """
    server = made_server(application, host, port, threads=threads, proxy=proxy)
    try:
        server.run()
    finally:
        server.close()


def made_server(
    application: Callable[..., Any],
    host: str,
    port: int,
    *,
    threads: int = THREADS,
    proxy: str | None = None,
) -> Any:
    """The server for that, which listens already."""
    from waitress.server import create_server

    believed: dict[str, Any] = (
        {"trusted_proxy": proxy, "trusted_proxy_headers": PROXY_HEADERS} if proxy else {}
    )

    server = create_server(
        application,
        host=host,
        port=port,
        threads=threads,
        max_request_body_size=UPLOAD_BYTES,
        max_request_header_size=32 << 10,
        channel_timeout=60,
        connection_limit=_connections(),
        asyncore_use_poll=True,  # select() takes no more than 1,024
        ident=None,
        clear_untrusted_proxy_headers=True,
        **believed,
    )
    stamp_requests(server)
    return server


def _connections() -> int:
    """How many may be open at once, by what this process may have open; it is let have more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + _OTHER_FILES  # a large body lies in a file
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(100, min(CONNECTIONS, (soft - _OTHER_FILES) // 2))
