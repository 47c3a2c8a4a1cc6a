"""Documents for people: letters, badges and certificates, and the page that vouches for them."""
