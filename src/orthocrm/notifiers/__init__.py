"""The carriers of messages, each a plug-in like those that anybody may write.

`email` needs nothing beyond the library; `sendgrid`, `twilio`, `push` and `webhook` need the extra
`carriers`. What they may say of a failure is a code: no address and no text of a letter is in their
errors, nor in what they log.
"""
