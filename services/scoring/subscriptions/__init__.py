"""Who wants to be told what, where and when: by whom a subscription is made, changed, confirmed and ended."""
