"""The doctor: what is wrong with card, models, engine, panel and service, and what to do about it."""
