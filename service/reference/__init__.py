"""The reference of the HTTP interface: one page without scripts, rendered from the OpenAPI document."""
