"""The pages of scoring: the alerts, and one's subscriptions. They work without scripts."""
