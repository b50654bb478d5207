"""Values on the wire: each type has one codec, which reads it, writes it and describes it.

So what the API accepts, what it answers and what its document says of both cannot drift apart.
Reading is strict: a text is no number, unknown keys are refused, and every problem is collected by
the name of its field, never with its value. Names are camelCase outside and snake_case inside.
"""
