"""What an event is: the envelope, the catalog of event properties, and what is derived from them."""
