"""The shelf: the voices of a service, in a library that books can use as well."""
