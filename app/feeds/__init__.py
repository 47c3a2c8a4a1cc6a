"""Feeds: what subscribers' calendars fetch, from rows to RFC 5545 bytes over HTTP."""
