"""What an operation does, decided on plain data: no module here opens a process, a file or a socket.

operations      what people and programs ask for
model           what an environment is: releases, rollouts, holds, the platform's pin
keys            when two requests are the same operation
facts           what a decision rests on, and what has to be looked up for it
apply           facts and an operation in, the next state or a refusal out
transitions     which operation is legal when: one table
invariants      what holds in every state
gates, holds    what must hold before a state may follow another
verbs/          what each operation does
errors          how an operation can fail
"""
