"""English words and turns of phrase with the feeling that they carry, from -4 to 4.

Written for what families write to an orthodontic practice: price, pain, waiting, insurance, other
practices, complaints. A word with a star stands for everything that begins with it.
"""

from orthocrm.intelligence.sentiment_english_gaps import PATTERNS
from orthocrm.intelligence.sentiment_lexicon import Lexicon, Topic

_WORDS = {
    4: "ecstatic flawless magnificent outstanding perfection phenomenal superb",
    3: """
        adore* amazing* awesome* beautiful* best blessed brilliant* delight* ecstatic excellent*
        exceptional* extraordinary fabulous fantastic* flawless* gem glorious incredibl* love loved
        lovely loves marvelous marvellous masterpiece perfect perfectly rocks spectacular splendid
        stunning superb* terrific thrilled thrilling top-notch treasure unforgettable wonderful*
        wow yay
    """,
    2: """
        accommodat* admire* affordable appreciate* approachable attentive award* caring charming
        cheerful clever comfort* compassion* confident congrat* courteous crisp cute delicious easy
        easily effective efficient elegant engaging enjoy* excited exciting exceed* fast favorite
        favourite flexible fond friendly fun funny genius gentle glad good grateful gratitude great
        greatest handy happier happiest happily happy helpful highest hilarious honest impress*
        inspir* interesting joy* kind kindly kindness knowledgeable laughed nice nicely nicest
        painless patience patiently pleasant* pleased pleasure polite praise* professional* prompt
        promptly proud quick recommend* refreshing reliable relief relieved respectful safe satisf*
        sharp sincere smart smile smiling smooth smoothly solid spotless sturdy subtle succe* super
        supportive sweet talented thank thanks thankful thoughtful touching trust* trustworthy
        useful warm welcom* well wise worth worthwhile
    """,
    1: """
        accept accurate agree agreed better bright clean clear clearly comfy convenient cool decent
        durable fair fine fresh glad hope hopeful improv* interested like liked likes lucky light
        neat ok okay patient powerful pretty ready reasonabl* simple strong support sure yes
    """,
    -1: """
        break* broke broken cancel* drop dropped fail* forget* lost lose loses losing return
        returned stop stopped stuck bit cheaply complicated cost costs dull empty expire* fee fees
        flat forgot hesita* issue issues late later limited lose loud miss missing nervous old open
        predictable quiet rather sensitiv* sore sorry tight tired uncertain unsure vague worried
        worry worse
    """,
    -2: """
        ache* afraid aimless angr* annoy* anxious* argu* attack avoid* awkward bad badly bill
        billed blame* bleed* bogus bored boring bother* break bulky careless cavit* challeng* cheap
        cheat* clich* clunky cold complain* complaint* concern* confus* contradict* costly crack*
        crap* crash* creepy cringe* cry crying damag* deaf defect* delay* denied denies deny dirty
        disagree* discomfort disconnect* dissatisf* doubt* drag* dumb erratic error errors
        expensive fake faulty fear* flaw* flop* forgett* frighten* grumpy hard hassle* hate*
        hopeless hurt* ignore* impersonal impolite impossible inaccurat* incorrect ineffective
        infect* inferior irritat* junk lack* lacking lame lazy leak* lie lied lies limp loose lousy
        lying malfunction* mediocre messed mess-up mislead* mistake* muddy muffled negative
        neglect* noisy nonsense nothing overpriced overcharg* pain painful* pathetic plastic
        pointless poor* pressur* pricey pricy problem* pushy refund* refus* reject* resent* rip
        rotten rough rushed rush sad sadly scared scary scratch* shame* shock* sick sketchy slow
        sluggish smell* sneaky static stress* stupid suffer* swollen swell* terrif tedious tinny
        tough trash trouble* unable unacceptable unavailable uncomfortabl* underwhelm* unfair
        unfortunate* unfriendly unhappy unhelpful uninterest* unnecessar* unorganized disorganized
        unpleasant unprofessional* unreliable unresponsive unsatisf* unsubscrib* unusable upset
        upsetting useless waited waste* wasting weak weird whine* wonky worn worries worthless
        wrong
    """,
    -3: """
        abysmal frustrat* mess regret* ridiculous appalling atrocious awful* bitter broken-hearted
        cruel despise* devastat* disappoint* disaster disastrous disgrace* disgust* disrespect*
        dreadful excruciat* fraud furious garbage gross hated hates hideous horrendous horrible
        horribly horrif* humiliat* inconsiderate incompeten* infuriat* insult* lawsuit lawyer livid
        malpractice miserabl* nightmare offend* offensive outrag* pathetic rude rudely rudeness
        scam* shameful stinks suck sucked sucks sue terrible terribly torture* ugly unbearable
        unethical unheard unsanitary vile worst
    """,
    -4: "abusive horrid racist",
}

_PHRASES = {
    Topic.PRICE: {
        -3: """
            cheaper elsewhere; cheaper option; cheaper quote; cheaper price; cheaper place; lower
            quote; far less elsewhere; too expensive; too much money; way too much; too high for
            us; too costly; so expensive; cannot afford; can not afford; can't afford; cant afford;
            could not afford; couldn't afford; out of our budget; out of my budget; out of our
            price range; out of my price range; over our budget; over budget; rip off; rip-off;
            ripoff; ripped us off; hidden fee; hidden fees; hidden charges; price gouging; highway
            robbery; not in our budget; beyond our budget; beyond our means; more than we can pay;
            more than we can spend; arm and a leg; double charged; charged twice; charged us twice;
            charged me twice; wants our money; only care about money; only about the money; all
            about the money; money grab; not worth the money; waste of money
        """,
        -2: """
            better price elsewhere; sticker shock; steep; pricey; high price; hard to pay; money is
            tight; the monthly is too
        """,
        2: """
            good price; great price; fair price; within our budget; payment plan works; monthly
            payment works; worth every penny; worth the money; good value; great value
        """,
    },
    Topic.COMPETITOR: {
        -3: """
            went with another; going with another; gone with another; go with another; went with
            someone else; going with someone else; go with someone else; another office; another
            provider; another ortho; another orthodontist; different orthodontist; different
            office; decided on another; chose another; choosing another; choose another; chosen
            another; went with a different; going with a different; go with a different; chose a
            different; decided to go elsewhere; going elsewhere; gone elsewhere; went elsewhere; go
            elsewhere; taking our business; take our business; take my business; switching to
            another; switch to another; switched to another; signed with another; signed up with
            another; started with another; starting with another; found another orthodontist; found
            another practice; found a different orthodontist; found someone else; picked another;
            transfer my records; transfer our records; send our records; send my records; down the
            street instead
        """,
        -2: "second opinion elsewhere; shopping around elsewhere; smile direct instead",
    },
    Topic.PAIN: {
        -3: """
            in a lot of pain; so much pain; in pain; in agony; hurts so much; hurts so bad; really
            hurts; still hurts; poking her; poking him; poking me; poking my; wire is poking; wire
            poking; cutting my cheek; cutting her cheek; cutting his cheek; can not eat; cannot
            eat; can't eat; cant eat; could not sleep; couldn't sleep; can't sleep; cannot sleep;
            bleeding gums; came off again; broke again; fell off; fell out; swollen face
        """,
        2: """
            no pain; pain free; pain-free; without pain; did not hurt; didn't hurt; no longer hurts
        """,
    },
    Topic.WAITING: {
        -3: """
            nobody ever called; no one ever called; nobody calls; no one calls; no call back; never
            call back; never called; never answered; never responded; never replied; no reply; no
            answer; no response; nobody told; no one told; never told; nobody explained; no one
            explained; never called back; never called me back; never called us back; no one
            called; nobody called; no one has called; nobody has called; never heard back; haven't
            heard back; have not heard back; no one answers; nobody answers; no one ever answers;
            no one responds; nobody responds; no response from; never returned my; never returned
            our; ignored my; ignored our; still waiting; still no answer; kept waiting; kept us
            waiting; kept me waiting; waited over; waited more than; waited an hour; waited two
            hours; waited for hours; hours late; on hold; left on hold; running behind again;
            always running late; always late; third time; again and again; over and over; how many
            times; cancelled on us; canceled on us; cancelled our; canceled our; cancelled my;
            canceled my; rescheduled again; keep rescheduling; keeps rescheduling; waste of time;
            wasted my time; wasted our time; weeks to get; months to get; long wait
        """,
        3: "can't wait; cannot wait; cant wait; can not wait; no wait; no waiting; on time",
    },
    Topic.INSURANCE: {
        -3: """
            not covered; isn't covered; is not covered; won't cover; will not cover; wont cover;
            doesn't cover; does not cover; didn't cover; did not cover; insurance denied; was
            denied; got denied; were denied; claim was denied; claim denied; denied the claim; out
            of network; out-of-network; don't take our insurance; do not take our insurance; don't
            take my insurance; do not take my insurance; don't accept our insurance; do not accept
            our insurance; don't accept my insurance; do not accept my insurance; billing mistake;
            billing error; wrong bill; billed us wrong; billed wrong; sent to collections
        """,
        2: "insurance covers; is covered; fully covered; in network; in-network",
    },
    Topic.COMPLAINT: {
        -4: """
            never coming back; not coming back; never come back; won't be back; will not be back;
            never again; leave a bad review; one star review; one star; bad review; report you;
            reporting you; dental board; better business bureau; file a complaint; filing a
            complaint; speak to a manager; speak to the manager; talk to the manager; talk to a
            manager; want a refund; want my money back; want our money back; my attorney; lost all
            trust; lost trust; lost our trust; completely unacceptable; fed up; sick and tired;
            stay away; steer clear
        """,
        -3: """
            stop texting; stop calling; stop emailing; stop contacting; quit texting; quit calling;
            leave us alone; leave me alone; do not contact; don't contact; do not call; don't call;
            remove me; remove us; take me off; take us off; too pushy; high pressure; no thanks; no
            thank you; not interested; no longer interested; changed our mind; changed my mind;
            decided against; decided not to; not going to move forward; not moving forward; won't
            be moving forward; will not be moving forward; won't be proceeding; not going ahead;
            not happy; not satisfied; not impressed; not acceptable; not okay; not ok; not
            comfortable with; please cancel; cancel everything; cancel our; cancel my; treated us
            like; treated me like; talked down to; felt rushed; felt pressured; felt ignored; made
            us feel bad; made my daughter cry; made my son cry; made her cry; made him cry; let
            down; let us down; gave up; give up; gave us the runaround; the runaround; nobody
            listens; no one listens; didn't listen; did not listen; don't listen; did not explain;
            didn't explain; lack of; zero stars; no stars; does not work; doesn't work; did not
            work; didn't work; not working; does not fit; doesn't fit; did not fit; stopped
            working; quit working; not worth; not good; not great; falls apart; fell apart; fall
            apart; walked out; turned off; full price for
        """,
    },
    Topic.PRAISE: {
        3: """
            without a hitch; without ill effect; keep watching it; move forward with; moving
            forward with; decided to start; never disappointed; highly recommend; would recommend;
            thank you so much; thanks so much; so happy; very happy; really happy; so excited; love
            it; love our; love my; love her; love his; love the; love this; love how; looking
            forward; look forward; sign us up; sign me up; count us in; we are in; let's do it;
            lets do it; ready to start; ready to move forward; five stars; 5 stars; worth it; works
            great; works well; work well; worked great; works fine; works perfectly; put us at
            ease; put her at ease; put him at ease; put me at ease; at ease; no complaints; no
            problem; no problems; no issues; no trouble; not bad; no regrets; never disappoints;
            never disappointed; nothing but good; nothing but praise; could not be happier;
            couldn't be happier; could not be better; couldn't be better; couldn't ask for; could
            not ask for; can't complain; cannot complain; hard to beat; second to none; above and
            beyond; made our day; made my day; must see; must have ; blown away; good job; great
            job; well done; well made; well worth; thumbs up; hats off; fell in love; in love with
        """,
    },
}

_STRONGER = """
    absolutely amazingly completely deeply definitely enormously entirely especially exceptionally
    extremely fully genuinely highly hugely incredibly insanely intensely really remarkably
    seriously simply so strongly terribly too totally truly unbelievably utterly very way
"""
_WEAKER = """
    almost barely bit fairly hardly kinda kind-of less little marginally mildly moderately
    occasionally partly quite rather scarcely slightly somewhat sort-of
"""
_NEGATIONS = """
    ain't aint aren't arent can't cannot cant couldn't couldnt didn't didnt doesn't doesnt don't
    dont hadn't hadnt hasn't hasnt haven't havent isn't isnt neither never no nobody none nope nor
    not nothing nowhere shouldn't shouldnt wasn't wasnt weren't werent without won't wont wouldn't
    wouldnt
"""
_TURNS = "but however though although yet except unfortunately"
_ASKING = """
    are can could did do does has have how is may might should was were what when where which who
    why will would
"""

ENGLISH = Lexicon.of(
    words=_WORDS,
    phrases=_PHRASES,
    patterns=PATTERNS,
    stronger=_STRONGER,
    weaker=_WEAKER,
    negations=_NEGATIONS,
    turns=_TURNS,
    asking=_ASKING,
)
