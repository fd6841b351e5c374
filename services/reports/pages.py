"""The pages of reports, and the paths under which each of them and its data stand."""

from fastapi import APIRouter

from services.reports.activity_pages import activities, search
from services.reports.audit_pages import event, events
from services.reports.dashboard import dashboard
from services.reports.frame import add_page, templates
from services.reports.help_page import help_
from services.reports.partnership_pages import partnership
from services.reports.status_page import status
from services.reports.why_page import why

__all__ = ["router", "templates"]
router = APIRouter(include_in_schema=False)

add_page(router, "/", dashboard, twin="/index")
add_page(router, "/partnerships/{partnership}/why", why)
add_page(router, "/partnerships/{partnership}", partnership)
add_page(router, "/activities", activities)
add_page(router, "/search", search)
add_page(router, "/audit/events", events)
add_page(router, "/audit/events/{event_id}", event)
add_page(router, "/status", status)
add_page(router, "/help", help_)
