"""The words that invented families are made of."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LAST_NAMES = _words(
    """
    Abernathy Adeyemi Aguilar Ashby Bakker Banerjee Barlow Bautista Beckett Bianchi Blackwood
    Brennan Calloway Castellano Chowdhury Costa Crowley Dabrowski Delacroix Demir Donovan Eastman
    Ekberg Escobar Fairchild Farrell Fontaine Gallagher Gentry Ghosh Grady Guerrero Haddad Halloran
    Hartmann Hashimoto Hendricks Hidalgo Holloway Ibarra Ivanova Jankowski Kaplan Kearney Kimura
    Kowalczyk Lachance Langford Larkin Lindqvist Lombardi Lockhart Macias Mahoney Marchetti
    Mbeki McAllister Mehta Montoya Moriarty Nakamura Navarro Nguyen Novak Oduya Okafor Olsen
    Ortega Osborne Pacheco Park Pettersen Pham Pickering Quintero Rahman Ramsey Redmond Rinaldi
    Rosario Rutherford Salazar Santoro Schaefer Sandoval Sinclair Sorensen Stavros Tanaka Thackeray
    Thornton Tran Underhill Valdez Vandermeer Vasquez Wainwright Weatherby Whitfield Winslow
    Yamada Yilmaz Zamora Zielinski
    """
)

PARENTS = _words(
    """
    Adriana Alejandro Amara Andrea Angela Anita Beatriz Brian Carla Carlos Catherine Chen Colleen
    Craig Daniela Deborah Dmitri Elena Emeka Erin Fatima Fernando Gloria Gregory Hannah Hassan Heidi
    Ingrid Irene Jamal Janelle Javier Jennifer Joanna Joel Karen Kavita Keiko Kevin Leila Lorena
    Lucia Marcus Maria Mei Melissa Miguel Monica Nadia Natalie Nicole Olga Omar Pamela Patrick
    Priya Rachel Rajesh Renee Roberto Rosa Samantha Sandra Sanjay Simone Stephanie Tamara Teresa
    Thomas Tomasz Valerie Veronica Victor Wei Yolanda Yusuf
    """
)

CHILDREN = _words(
    """
    Aaliyah Aiden Alina Amir Anika Ariana Asher Ava Bella Caleb Camila Carter Chloe Clara Daisy
    Daniel Dante Diego Elias Eliana Ella Emilio Emma Ethan Ezra Felix Finn Freya Gabriel Gianna
    Grace Hana Hazel Henry Hugo Ibrahim Imani Iris Isaac Isla Ivy Jaden Jasmine Jonah Josie Julian
    Kai Keira Kenji Layla Leo Liam Lila Logan Lucas Luna Maya Mateo Mila Milo Nadine Nathan Nina
    Noah Nora Oliver Omari Oscar Owen Paloma Penelope Quinn Rafael Ravi Rosie Ruby Ryan Sadie Sam
    Sienna Silas Sofia Stella Tariq Theo Tessa Valentina Victoria Violet Wyatt Xavier Yara Zachary
    Zara Zoe
    """
)

AREA_CODES = _words(
    """
    312 630 708 773 847 224 331 872 815 779 217 309 618 414 262 608 920 715 219 574 317 765 260 616
    269 734 248 313 517 419
    """
)
"""Each of them has the hundred numbers 555-0100 to 555-0199, which belong to nobody."""

MAIL_HOSTS = ("example.com", "example.net", "example.org")

TOWNS = (
    ("Oak Park", "60302"),
    ("River Forest", "60305"),
    ("Berwyn", "60402"),
    ("Elmhurst", "60126"),
    ("Forest Park", "60130"),
    ("Riverside", "60546"),
    ("La Grange", "60525"),
)

COORDINATORS = (
    ("tc-dana", "Dana Whitlock", 1.15),
    ("tc-luis", "Luis Ferreira", 1.05),
    ("tc-priya", "Priya Raman", 1.25),
    ("tc-grace", "Grace Oyelaran", 0.9),
    ("tc-tom", "Tom Birch", 0.75),
)
"""User, name, and how well a coordinator does: 1 is the usual."""

DOCTORS = (("dr-amari", "Dr. Amari"), ("dr-lindholm", "Dr. Lindholm"))
"""User and name of those who examine, and treat."""

CHAIRS = ("chair-1", "chair-2", "chair-3", "chair-4")

DENTISTS = ("dr-alvarez", "dr-chung", "dr-feldman", "dr-osei", "dr-patel", "dr-swenson")

CONCERNS = (
    "Crowded lower teeth, dentist suggested an exam",
    "Asked about Invisalign for a teenager",
    "Overbite, wants to know about early treatment",
    "Lost the retainer after the move",
    "Gap between the front teeth",
    "Wants a second opinion on extraction",
    "Would like to start before the school year",
    "Asked for monthly payment plans",
)

LANDING_PAGES = ("back-to-school", "invisalign-teen", "free-exam", "new-year-smile")
