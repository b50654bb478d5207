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
    "appointment_reminder": {
        Language.ENGLISH: (
            "Your visit to {practice} on {appointment_date}",
            "Hello {contact_first_name},\n\n"
            "This is a reminder of your visit on {appointment_date} at {appointment_time}.\n\n"
            "If you cannot come, please call us and we will find another time." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} el {appointment_date}",
            "Hola {contact_first_name}:\n\n"
            "Le recordamos su visita el {appointment_date} a las {appointment_time}.\n\n"
            "Si no puede venir, llámenos y buscaremos otra hora." + _OFFICE,
        ),
    },
    "appointment_reminder_details": {
        Language.ENGLISH: (
            "Your visit to {practice} on {appointment_date}",
            "Hello {contact_first_name},\n\n"
            "This is a reminder of the visit of {patient_first_name} on {appointment_date} at "
            "{appointment_time}: {appointment_type}.\n\n"
            "If you cannot come, please call us and we will find another time." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} el {appointment_date}",
            "Hola {contact_first_name}:\n\n"
            "Le recordamos la visita de {patient_first_name} el {appointment_date} a las "
            "{appointment_time}: {appointment_type}.\n\n"
            "Si no puede venir, llámenos y buscaremos otra hora." + _OFFICE,
        ),
    },
    "appointment_confirmation": {
        Language.ENGLISH: (
            "Your visit to {practice} on {appointment_date}",
            "Hello {contact_first_name},\n\n"
            "We expect you on {appointment_date} at {appointment_time}.\n\n"
            "If that does not suit you, please call us and we will find another time." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} el {appointment_date}",
            "Hola {contact_first_name}:\n\n"
            "Le esperamos el {appointment_date} a las {appointment_time}.\n\n"
            "Si no le conviene, llámenos y buscaremos otra hora." + _OFFICE,
        ),
    },
    "appointment_moved": {
        Language.ENGLISH: (
            "Your visit to {practice} is now on {appointment_date}",
            "Hello {contact_first_name},\n\n"
            "Your visit has a new time: {appointment_date} at {appointment_time}.\n\n"
            "If that does not suit you, please call us and we will find another time." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} será el {appointment_date}",
            "Hola {contact_first_name}:\n\n"
            "Su visita tiene una nueva hora: {appointment_date} a las {appointment_time}.\n\n"
            "Si no le conviene, llámenos y buscaremos otra hora." + _OFFICE,
        ),
    },
    "appointment_cancelled": {
        Language.ENGLISH: (
            "Your visit to {practice} on {appointment_date} is cancelled",
            "Hello {contact_first_name},\n\n"
            "Your visit on {appointment_date} at {appointment_time} is cancelled.\n\n"
            "If you would like another time, please call us." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su visita a {practice} el {appointment_date} está cancelada",
            "Hola {contact_first_name}:\n\n"
            "Su visita del {appointment_date} a las {appointment_time} está cancelada.\n\n"
            "Si desea otra hora, llámenos." + _OFFICE,
        ),
    },
    "appointment_declined": {
        Language.ENGLISH: (
            "Your request for a visit to {practice} on {appointment_date}",
            "Hello {contact_first_name},\n\n"
            "Unfortunately we cannot see you on {appointment_date} at {appointment_time}.\n\n"
            "Please call us or ask for another time, and we will find one that suits." + _OFFICE,
        ),
        Language.SPANISH: (
            "Su solicitud de visita a {practice} el {appointment_date}",
            "Hola {contact_first_name}:\n\n"
            "Lamentablemente no podemos atenderle el {appointment_date} a las "
            "{appointment_time}.\n\n"
            "Llámenos o solicite otra hora, y encontraremos una que le convenga." + _OFFICE,
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
    "appointment_reminder": {
        Language.ENGLISH: "{practice}: a reminder of your visit on {appointment_date} at "
        "{appointment_time}. Questions or changes: {practice_phone}",
        Language.SPANISH: "{practice}: le recordamos su visita el {appointment_date} a las "
        "{appointment_time}. Preguntas o cambios: {practice_phone}",
    },
    "appointment_confirmation": {
        Language.ENGLISH: "{practice}: we expect you on {appointment_date} at "
        "{appointment_time}. Questions or changes: {practice_phone}",
        Language.SPANISH: "{practice}: le esperamos el {appointment_date} a las "
        "{appointment_time}. Preguntas o cambios: {practice_phone}",
    },
    "appointment_moved": {
        Language.ENGLISH: "{practice}: your visit is now on {appointment_date} at "
        "{appointment_time}. Questions or changes: {practice_phone}",
        Language.SPANISH: "{practice}: su visita será ahora el {appointment_date} a las "
        "{appointment_time}. Preguntas o cambios: {practice_phone}",
    },
    "appointment_cancelled": {
        Language.ENGLISH: "{practice}: your visit on {appointment_date} at {appointment_time} is "
        "cancelled. For another time call {practice_phone}",
        Language.SPANISH: "{practice}: su visita del {appointment_date} a las {appointment_time} "
        "está cancelada. Para otra hora, llame al {practice_phone}",
    },
    "appointment_declined": {
        Language.ENGLISH: "{practice}: unfortunately we cannot see you on {appointment_date} at "
        "{appointment_time}. For another time call {practice_phone}",
        Language.SPANISH: "{practice}: lamentablemente no podemos atenderle el {appointment_date} "
        "a las {appointment_time}. Para otra hora, llame al {practice_phone}",
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
"""The templates that rules, reminders and the six-touch sequence name."""

DEFAULT_NAMES = frozenset(template.name for template in DEFAULT_MESSAGES)
"""Names that may be spoken of although the clinic removed their templates: no message then."""
