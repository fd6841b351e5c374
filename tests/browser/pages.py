"""The pages that every browser test of all pages visits: their paths, and as whom they are looked at.

What stands in braces is an id of `Site.ids`.
"""

PAGES = (
    ("/?on=2020-12-31", None),
    ("/", None),
    ("/partnerships/beijing?on=2020-12-31", None),
    ("/partnerships/beijing/why?on=2020-12-31", None),
    ("/activities?on=2020-12-31", None),
    ("/search?q=beijing", None),
    ("/audit/events", "auditor"),
    ("/status", None),
    ("/help", None),
    ("/alerts", None),
    ("/alerts?partnership=beijing", "bureau"),
    ("/subscriptions", "bureau"),
    ("/subscriptions/{subscription}", "bureau"),
    ("/subscriptions/confirm?key=none", None),
    ("/reports", "auditor"),
    ("/reports/ratings", None),
    ("/reports/ratings?from=2017-01-01&to=2020-12-31&partnership=beijing", None),
    ("/reports/changes?from=2019-01-01&to=2020-12-31&compare_from=2017-01-01&compare_to=2018-12-31", "auditor"),
    ("/reports/issued", "auditor"),
    ("/reports/issued/{issued}", "auditor"),
    ("/sign-in", None),
    ("/account", "bureau"),
    ("/administration/people", "administrator"),
    ("/administration/audit", "administrator"),
    ("/partnerships/nowhere", None),
    ("/rubric/whatif", None),
    ("/record", "bureau"),
    ("/imports", "bureau"),
    ("/partnerships/beijing/programme", "bureau"),
)
