"""What families mean by their answers: in any wording that means it, and in no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.privacy.answers import Intent, intent_of


def _lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


CURLY = "Don\N{RIGHT SINGLE QUOTATION MARK}t text me anymore"
PLAINLY = """
STOP
stop
Stop.
STOP!!
S.T.O.P
StopAll
stop all
Please stop
stop please thank you
STOP texting me
Stop sending me messages
Please stop it
Stop contacting us
quit
END
Cancel
cancel please
revoke
Unsubscribe
unsubscribe me from this
opt out
OPT-OUT
optout
Opt me out
I want to opt out of these texts
no more messages
No more texts please!
Don't text me
do not contact me again
never text this number
Remove me
take me off your list
Delete my number
leave me alone
lose my number
I revoke my consent
I withdraw consent
I do not want to receive texts
i dont want any more messages
stop bothering us
Alto
ALTO POR FAVOR
basta
¡Basta!
Parar
pare
cancelar
baja
Deme de baja
Quiero darme de baja
No me escriban más
no me envíe mensajes
No nos manden nada
No más mensajes
Dejen de escribirme
deje de molestar
No quiero recibir más mensajes
No quiero más textos
No deseo recibir mensajes
Quíteme de la lista
ya no me manden textos
Borre mi número
detener
stop!!! 🛑
🛑
STOPPP
stopp
Stahp
Stop it
Do not text
don't text
dont txt me
no more txts
STOP MSG
stop sms
unsub
take me off
take us off the list
I'd like to unsubscribe
wrong number
Wrong number, please don't text
I no longer wish to receive these messages
Please cease all texts
cease
quit texting me
quit messaging us
end texts
cancel texts
Not interested, don't contact me
do not message
please discontinue
discontinue messages
stop. We chose another office
STOP I already have an orthodontist
No thanks STOP
Stop, I have braces already
please remove this number
remove my phone number from your list
remove
no longer want texts
I don't want to get texts from you
We don't want your messages
do not send me anything
don't send any more
never contact me again
dont message me anymore
Please do not call or text me
I did not consent to this
block
spam
arrêt
ARRET
ya no quiero mensajes
no me contacten
no me texteen
no me llamen ni escriban
no me llame ni me escriba
quitar
eliminar
sáquenme de la lista
sacame de tu lista
bórrame
dejen de mandarme mensajes
dejen de enviarme textos
dejar de enviar
paren de escribir
por favor paren
paren ya
ya basta
cancelen
no quiero recibir nada
no quiero que me escriban
deténganse
no envíen más
no manden más mensajes
st0p
s t o p
"stop"
(stop)
#STOP
/stop
Stop asking
please stop asking me
stop calling and texting
I want you to stop
I want this to stop
Can you stop texting me?
will you please stop
make it stop
please just stop
just stop
ok stop
hey stop
stop stop stop
STOP STOP
END.
revoke consent
i revoke
withdraw
opt-out please
optar por no recibir
remover
no sms
no texts
no texting
no messages please
text me no more
please end these messages
turn off messages
cancel subscription
cancel my subscription
cancel messages
unsuscribe
unsubcribe
unsubscibe
stope
sotp
stop texing me
"""
BOLD = "".join(chr(0x1D400 + ord(sign) - ord("A")) for sign in "STOP")
STOPPING = (CURLY, BOLD, "  Stop ", "stop\N{ZERO WIDTH SPACE}", *_lines(PLAINLY))
STARTING = _lines("""
START
start
Unstop
start please
Resume
subscribe
opt in
ALTA
reanudar
""")
NEITHER = [
    "",
    "   ",
    "\x00",
    *_lines("""
Yes
No
ok
Thanks!
Tuesday works
I'll stop by at 3
Can we stop by?
Please cancel my appointment
Can I cancel Tuesday?
Don't stop
I don't text while driving
in the end we chose you
When does it start?
Quiero cancelar la cita
Para Sofia
¿A qué hora es la cita?
Gracias
where is the bus stop
My son will quit soccer in May
Is the baja office open?
Remove the braces?
Call me
👍
请停止
we want to end treatment
subscribe to what?
help
When can we stop the retainer?
Stop by on Tuesday
I'll stop by
we stopped at the office
the bus stop
Should he stop wearing elastics?
please cancel Tuesday
cancel the appointment
Cancel my appointment please
Can you stop by the school
I don't want to miss it
I don't want braces anymore
we don't want to come Monday
no I can't come
not interested right now
Stop wearing the retainer?
Do not call before 5
Don't call me at work, text me instead
please text me no emails
no spam right?
he wants to stop treatment
I want to end the treatment
Para el martes
Para mi hija
quiero parar el tratamiento
No puedo
no quiero la cita del martes
no más dolor
Alta Vista street
fin de semana
El fin de semana esta bien
quitar los brackets
quit my job so insurance changed
this is not spam right
We will remove the appliance?
remove the wire please
take me off the 3pm slot
Delete my appointment
We have moved, wrong number of appointments
leave it
Let's end at 5
end of May
I can't stop smiling
start Monday
subscribe?
don't stop
please do not cancel
Don't remove us from the schedule
you never sent me the form
no me enviaron la cita
no me contactaron ayer
Can we stop?
please don't stop texting me
remove me from the schedule on Tuesday
no texts from you yet, did you get mine?
"""),
]


@pytest.mark.parametrize("text", STOPPING)
def test_a_stop_is_heard_in_any_reasonable_wording(text: str) -> None:
    assert intent_of(text) is Intent.STOP


@pytest.mark.parametrize("text", STARTING)
def test_who_wants_to_hear_again_says_just_that(text: str) -> None:
    assert intent_of(text) is Intent.START


@pytest.mark.parametrize("text", NEITHER)
def test_other_answers_are_neither(text: str) -> None:
    assert intent_of(text) is None


@given(st.text(max_size=3_000))
def test_any_answer_can_be_read(text: str) -> None:
    assert intent_of(text) in (None, *Intent)


@pytest.mark.parametrize(
    "long", ["stop " * 100_000, "no me " * 100_000, "dont " * 200_000, "a" * 10**6]
)
def test_a_long_answer_is_read_as_far_as_it_matters(long: str) -> None:
    assert intent_of(long) in (None, *Intent)


def test_nobody_reads_an_essay_for_a_keyword() -> None:
    assert [intent_of("hello " * n + "stop texting me") for n in (10, 300)] == [Intent.STOP, None]
