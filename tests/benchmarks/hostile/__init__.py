"""An attacker, a bystander who only wants to draw, and a count of what the one costs the other.

`forgery` and `pictures` make what is sent over the websocket, `requests` what goes past it,
`attacker` is the process that sends it, `siege` runs it against a server and looks on.
"""
