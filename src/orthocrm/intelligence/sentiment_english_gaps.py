"""English turns of phrase with gaps: `_` is up to three words, `*` the end of a word."""

from orthocrm.intelligence.sentiment_lexicon import Topic

_NOBODY = "(?:nobody|no one|no-one|none of you)"
_NOT = "(?:not|never|no|don't|dont|didn't|didnt|doesn't|doesnt|won't|wont|can't|cant|cannot)"
_ELSEWHERE = "(?:elsewhere|instead|somewhere else|someplace else|another place|across town)"

_YOU = "(?:you|you guys|your office|your staff|your team|they)"
_DUTIES = (
    "called|sent|told|answered|replied|explained|filed|ordered|fixed|followed|returned|submitted"
)
_CHANGING = "chose|choosing|going|went|started|starting|signed|signing|picked"

PATTERNS = (
    (Topic.WAITING, -3, f"{_YOU} _ (?:never|haven't|havent|didn't|forgot) _ (?:{_DUTIES})"),
    (
        Topic.WAITING,
        -3,
        f"{_YOU} (?:keep|kept|always) _ (?:cancel|reschedul|chang|mov|put|forget|mak)*",
    ),
    (
        Topic.WAITING,
        -3,
        "(?:can't|cannot|couldn't|could not) (?:even )?(?:get through|reach|get hold)",
    ),
    (
        Topic.WAITING,
        -3,
        "(?:weeks|months|days|hours) (?:ago|later) and (?:still|no|nothing|nobody)",
    ),
    (
        Topic.COMPLAINT,
        -3,
        f"{_YOU} _ (?:lost|ruined|broke|messed|misplaced|promised|lied|charged|ignored)",
    ),
    (
        Topic.COMPLAINT,
        -3,
        "(?:do not|don't|didn't|did not) (?:appreciate|like) (?:how|being|the way|that)",
    ),
    (
        Topic.COMPLAINT,
        -3,
        "(?:being|felt|feel|was|were) (?:pressured|rushed|ignored|dismissed|lied to|judged)",
    ),
    (
        Topic.COMPLAINT,
        -3,
        "(?:daughter|son|child|kid|she|he|her|him) _ (?:in tears|scared to|afraid to|hates)",
    ),
    (Topic.COMPLAINT, -3, "(?:take|remove|delete) (?:my|our|me|us) _ (?:number|name|list|system)"),
    (Topic.COMPLAINT, -3, "(?:what|such) a (?:waste|joke|mess|shame|disaster|disappointment)"),
    (Topic.COMPLAINT, -3, "nobody (?:warned|asked|mentioned|bothered)"),
    (
        Topic.COMPLAINT,
        -2,
        "(?:popped|came|fell|broke|snapped) (?:off|out|loose) (?:the|after|again|as soon)",
    ),
    (Topic.PRICE, -3, "(?:no way|not able|unable|can't|cannot|couldn't) _ (?:pay|afford|spend)"),
    (
        Topic.PRICE,
        -3,
        "(?:price|estimate|quote|bill|cost|fee) _ (?:insane|crazy|ridiculous|outrageous|high)",
    ),
    (Topic.PRICE, -3, "one price and _ another"),
    (
        Topic.COMPETITOR,
        -3,
        f"(?:ended up|already|decided|decide) _ (?:{_CHANGING}) _ (?:with|by|at|instead|elsewhere)",
    ),
    (Topic.COMPETITOR, -3, "ended up (?:choosing|going|picking|signing)"),
    (Topic.COMPETITOR, -3, "(?:with|to|chose|found) (?:someone|somebody|somewhere) else"),
    (
        Topic.WAITING,
        -3,
        f"{_NOBODY} _ (?:call|answer|respond|repl|return|show|email|tell|told|explain)*",
    ),
    (Topic.WAITING, -3, "never _ (?:called|answered|responded|replied|returned|heard|followed)*"),
    (
        Topic.WAITING,
        -3,
        "still _ (?:waiting|nothing|haven't|havent|not|no|don't|dont|can't) _ [^ ]+",
    ),
    (
        Topic.WAITING,
        -3,
        "(?:been|took|takes|taken|waited|waiting) _ (?:hours|weeks|months|forever|ages)",
    ),
    (Topic.WAITING, -2, "waiting _ since"),
    (Topic.WAITING, -3, "(?:hung|hang) up on"),
    (
        Topic.WAITING,
        -3,
        "(?:[0-9]+|two|three|four|five|six|several) (?:calls|messages|emails|voicemails|times) and",
    ),
    (Topic.COMPLAINT, -3, f"{_NOBODY} _ (?:care|listen|help|apologi)*"),
    (Topic.COMPLAINT, -3, f"{_NOT} _ (?:care|listen|apologize) _ (?:about|to|at|for)"),
    (
        Topic.COMPLAINT,
        -4,
        f"{_NOT} _ (?:contact|call|text|email|message|bother) (?:me|us)(?: again| anymore)?",
    ),
    (
        Topic.COMPLAINT,
        -3,
        f"{_NOT} _ (?:(?:going|go|moving|move) forward|proceed|proceeding|continue|continuing)",
    ),
    (Topic.COMPLAINT, -3, "(?:i'm|im|i am|we're|we are) _ done with"),
    (
        Topic.COMPLAINT,
        -3,
        "(?:zero|no|lost|little) _ (?:confidence|trust|faith|respect|empathy|communication)",
    ),
    (Topic.COMPLAINT, -3, "(?:just|only) (?:a|another) (?:number|paycheck|wallet|sale)"),
    (Topic.COMPLAINT, -3, "expected (?:better|more from|more of)"),
    (
        Topic.COMPLAINT,
        -3,
        "(?:barely|hardly) (?:even )?(?:looked|spoke|spent|talked|listened|explained)",
    ),
    (
        Topic.COMPLAINT,
        -3,
        "(?:not|never|doesn't|didn't|don't|won't) (?:fit|work|stay|close)(?: \\S+)?",
    ),
    (
        Topic.COMPLAINT,
        -3,
        "(?:my|our|her|his) (?:daughter|son|child|kid|girl|boy) _ cr(?:ied|ying)",
    ),
    (Topic.COMPLAINT, -3, f"{_NOT} _ (?:recommend|return|trust|come back|coming back)"),
    (
        Topic.PAIN,
        -3,
        (
            "(?:cut|poke|stab|dig|rub)(?:s|ting|ing|bing|ging)? (?:into )?(?:the inside of )?"
            "(?:my|his|her|the|their) (?:cheek|mouth|lip|gum|tongue)s?"
        ),
    ),
    (Topic.PRICE, -3, "(?:twice|double|triple|half) _ (?:quoted|price|cost|as much|what)"),
    (
        Topic.PRICE,
        -3,
        "(?:more|higher) than _ (?:quoted|expect|expected|expecting|told|afford|budget|said)",
    ),
    (
        Topic.PRICE,
        -3,
        "(?:less|cheaper|lower) (?:somewhere else|elsewhere|at another|at a different)",
    ),
    (Topic.PRICE, -2, "(?:cost|costs|price|quote|fee|fees) _ too (?:high|much|steep)"),
    (
        Topic.COMPETITOR,
        -3,
        (
            f"(?:chose|chosen|choose|picked|pick|go|going|went|signed|found|see|seeing|started) _ "
            f"{_ELSEWHERE}"
        ),
    ),
    (
        Topic.COMPETITOR,
        -3,
        (
            "(?:go|going|went|gone|sign|signed|signing|start|started|starting) with "
            "(?:dr|doctor|the other|them|somebody|another)"
        ),
    ),
    (
        Topic.COMPETITOR,
        -3,
        (
            "found _ (?:place|office|practice|orthodontist|provider|doctor) _ "
            "(?:cheaper|closer|less|better|half)"
        ),
    ),
    (Topic.COMPETITOR, -2, "(?:we'll|well|we will|i'll|i will|have to|going to) pass(?: on)?"),
)
"""The topic, what it carries from -4 to 4, and how it reads in lower case."""
