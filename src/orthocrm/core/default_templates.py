"""The message templates that a practice starts with, in English and in Spanish.

None of them names a treatment. Of two that share name and channel, the earlier one is for families
of whom no language is known.
"""

from collections.abc import Mapping

from orthocrm.core.notifying import MessageChannel
from orthocrm.core.templates import Language, MessageTemplate

_EMAIL, _SMS = MessageChannel.EMAIL, MessageChannel.SMS

_OFFICE = "\n\n{practice}\n{practice_phone}"
_SIGNED = "\n\n{owner_name}" + _OFFICE.removeprefix("\n")

_EMAILS: Mapping[str, Mapping[Language, tuple[str, str]]] = {
    "consultation_confirmation": {
        Language.ENGLISH: (
            "Your visit to {practice} on {appointment_date}",
            "Hello {contact_first_name},\n\nWe look forward to meeting {patient_first_name} "
            "on {appointment_date} at {appointment_time}.\n\n"
            "If that no longer suits you, please call us and we will find another time." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} el {appointment_date}",
            "Hola {contact_first_name}:\n\nEsperamos conocer a {patient_first_name} "
            "el {appointment_date} a las {appointment_time}.\n\n"
            "Si ya no le conviene, llámenos y buscaremos otra hora." + _OFFICE,
        ),
    },
    "consultation_follow_up": {
        Language.ENGLISH: (
            "Thank you for visiting {practice}",
            "Hello {contact_first_name},\n\n"
            "Thank you for coming in with {patient_first_name}. "
            "Which questions came up since? Just reply to this message or call us." + _SIGNED,
        ),
        Language.SPANISH: (
            "Gracias por visitar {practice}",
            "Hola {contact_first_name}:\n\n"
            "Gracias por venir con {patient_first_name}. "
            "¿Le ha surgido alguna pregunta? Responda a este mensaje o llámenos." + _SIGNED,
        ),
    },
    "pending_check_in": {
        Language.ENGLISH: (
            "Can we help with anything?",
            "Hello {contact_first_name},\n\n"
            "You wanted some time to think things over. "
            "If it helps to talk about options or payments, we are happy to." + _SIGNED,
        ),
        Language.SPANISH: (
            "¿Podemos ayudarle en algo?",
            "Hola {contact_first_name}:\n\n"
            "Usted quería un tiempo para pensarlo. "
            "Si desea hablar de las opciones o de los pagos, con gusto le atendemos." + _SIGNED,
        ),
    },
    "break_up": {
        Language.ENGLISH: (
            "Shall we close your request?",
            "Hello {contact_first_name},\n\n"
            "We tried to reach you a few times and do not want to be a bother. "
            "If now is not the right moment, you need not do anything. "
            "Should you wish to go on, reply to this message or call us at any time." + _SIGNED,
        ),
        Language.SPANISH: (
            "¿Cerramos su solicitud?",
            "Hola {contact_first_name}:\n\n"
            "Hemos intentado comunicarnos con usted y no queremos molestarle. "
            "Si no es un buen momento, no tiene que hacer nada. "
            "Si desea continuar, responda a este mensaje o llámenos cuando guste." + _SIGNED,
        ),
    },
}

_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "consultation_confirmation": {
        Language.ENGLISH: "{practice}: your visit is on {appointment_date} at {appointment_time}. "
        "Questions or changes: {practice_phone}",
        Language.SPANISH: "{practice}: su visita es el {appointment_date} a las "
        "{appointment_time}. Preguntas o cambios: {practice_phone}",
    },
    "six_touch_hello": {
        Language.ENGLISH: "Hi {contact_first_name}, this is {practice}. Thank you for getting in "
        "touch! When is a good time to call you? {practice_phone}",
        Language.SPANISH: "Hola {contact_first_name}, somos {practice}. Gracias por escribirnos. "
        "¿A qué hora le podemos llamar? {practice_phone}",
    },
    "six_touch_nudge": {
        Language.ENGLISH: "Hi {contact_first_name}, {practice} again. We would love to find a "
        "time for your visit: {practice_phone}",
        Language.SPANISH: "Hola {contact_first_name}, le escribe {practice}. Con gusto le "
        "buscamos una hora para su visita: {practice_phone}",
    },
    "six_touch_last": {
        Language.ENGLISH: "Hi {contact_first_name}, this is our last message for now. Whenever "
        "it suits you, call {practice} at {practice_phone}",
        Language.SPANISH: "Hola {contact_first_name}, este es nuestro último mensaje por ahora. "
        "Cuando guste, llame a {practice}: {practice_phone}",
    },
}

DEFAULT_MESSAGES = (
    *(
        MessageTemplate(name=name, channel=_EMAIL, language=language, subject=subject, body=body)
        for name, languages in _EMAILS.items()
        for language, (subject, body) in languages.items()
    ),
    *(
        MessageTemplate(name=name, channel=_SMS, language=language, body=body)
        for name, languages in _TEXTS.items()
        for language, body in languages.items()
    ),
)
"""The templates that rules and the six-touch sequence name."""

DEFAULT_NAMES = frozenset(template.name for template in DEFAULT_MESSAGES)
"""Names that may be spoken of although the clinic removed their templates: no message then."""
