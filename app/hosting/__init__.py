"""Hosting: the call for hosts, the countries' offers, and the choice among them."""
