"""The tables of the first schema, subject by subject, as revision 0001 creates them."""
