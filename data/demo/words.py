"""The words that the demo catalogue is made of; every title, studio and place is invented."""

from __future__ import annotations

# genre: (nouns of its titles, what its descriptions are about); no noun serves two genres
GENRES: dict[str, tuple[str, str]] = {
    "Adventure": (
        "Compass|Summit|Expedition|Raft|Horizon|Rope Bridge|Caravan|Lagoon|Map|Ridge|Voyage|Canyon",
        "an unlikely crew on a mountain crossing|two rival explorers and one torn map|a rescue through uncharted canyons"
        "|a raft journey down a river with no name|a climber's last expedition|a caravan that loses its way",
    ),
    "Animation": (
        "Paper Fox|Tin Robot|Cloud Whale|Button|Kite|Moon Rabbit|Puppet|Teapot|Inkwell|Snow Globe|Balloon|Toy Box",
        "a paper fox who learns to swim|a tin robot in search of music|a cloud whale and the child who draws it"
        "|toys that run a night school|an ink drop with big plans|a kite that refuses to land",
    ),
    "Comedy": (
        "Misunderstanding|Wedding Cake|Roommate|Detour|Parrot|Reunion|Alibi|Laundromat|Buffet|Trombone|Lodger|Rehearsal",
        "two strangers who inherit one sofa|a wedding that keeps being postponed|a talent show gone wrong"
        "|two terrible roommates|a parrot that repeats everything|a family reunion nobody planned",
    ),
    "Crime": (
        "Ledger|Informant|Verdict|Witness|Heist|Fingerprint|Alley|Safe House|Forgery|Cold Case|Getaway|Evidence",
        "a retired detective and a missing ledger|a heist planned by accountants|a witness nobody believes"
        "|a forger who wants to be caught|a cold case reopened by a postcard|a detective on the wrong side of a verdict",
    ),
    "Documentary": (
        "Archive|Census|Workshop|Harvest|Railway|Factory|Reservoir|Notebook|Library|Market|Kiln|Signal Box",
        "the people who repair old clocks|a year inside a public library|the last night trains|how a city feeds itself"
        "|a workshop where nothing is thrown away|an archive of everyday voices",
    ),
    "Drama": (
        "Inheritance|Farewell|Silence|Kitchen Table|Threshold|Promise|Homecoming|Empty Room|Winter Coat|Sister|Debt|Vow",
        "three siblings who must sell the family house|a teacher at a turning point|a promise made thirty years ago"
        "|a homecoming after a long silence|two sisters and an old debt|a nurse with one last secret",
    ),
    "Family": (
        "Treehouse|Puppy|Birthday|Lemonade Stand|Grandmother|Scooter|Sleepover|Picnic|Allotment|Snow Day|Hamster|Camp",
        "four cousins and a treehouse|a puppy that belongs to everyone|a grandmother who starts school again"
        "|a lemonade stand that saves a street|the longest birthday party ever|a class trip that goes wonderfully wrong",
    ),
    "Fantasy": (
        "Dragon|Spell|Crown|Enchanter|Griffin|Moonstone|Prophecy|Willow Gate|Sorcerer|Talisman|Giant|Mirror Lake",
        "an apprentice who breaks every spell|the last dragon keeper|a crown that chooses badly"
        "|a gate between two seasons|a giant who collects stories|a talisman that grants half a wish",
    ),
    "History": (
        "Treaty|Lighthouse|Cathedral|Courier|Embassy|Rebellion|Manuscript|Regent|Shipyard|Envoy|Citadel|Loom",
        "a courier who carries a peace treaty|the weavers who stopped a war|a manuscript hidden for centuries"
        "|the building of a great lighthouse|an envoy between two courts|a shipyard in a year of rebellion",
    ),
    "Music": (
        "Chorus|Accordion|Encore|Melody|Orchestra|Serenade|Drummer|Nocturne|Record Shop|Ballad|Cello|Backing Band",
        "a choir that cannot sing|a drummer who loses her hearing|the band that almost was"
        "|a record shop and its regulars|a composer with one last song|an orchestra without a conductor",
    ),
    "Nature": (
        "Migration|Glacier|Wetland|Otter|Coral Reef|Old Forest|Savanna|Heron|Tide Pool|Meadow|Night Sky|Estuary",
        "a year in the life of a wetland|the long migration of the cranes|otters returning to a city river"
        "|the quiet life of an old forest|a reef after dark|one meadow through four seasons",
    ),
    "Romance": (
        "Love Letter|Ferry|Second Chance|Bookshop|Valentine|Dance|Postcard|Garden Party|Kiss|Stranger|Honeymoon|Rose",
        "two rival booksellers|a love letter delivered too late|strangers who keep meeting"
        "|a dance teacher and her clumsiest pupil|a second chance at first love|pen friends who finally meet",
    ),
    "Science fiction": (
        "Orbit|Starship|Android|Colony|Signal|Airlock|Satellite|Time Loop|Outpost|Galaxy|Clone|Machine",
        "a signal that answers itself|the first school on a distant colony|an android that begins to forget"
        "|a crew caught in a time loop|a satellite repairer who hears voices|an outpost at the edge of the map",
    ),
    "Thriller": (
        "Countdown|Double Agent|Blackout|Ransom|Pursuit|Whisper|Tunnel|Hostage|Code|Last Train|Trap|Vanishing",
        "a night watchman who knows too much|a double agent who wants out|a blackout that is no accident"
        "|a code hidden in weather reports|a passenger nobody remembers|a ransom paid to the wrong person",
    ),
}

# mood: (light or dark, article, adjectives of titles, closing sentences)
MOODS: dict[str, tuple[str, str, str, str]] = {
    "cosy": (
        *("light", "A", "Little|Gentle|Golden|Sunlit|Honey|Quiet"),
        "Warm, unhurried and full of small kindnesses.|Best watched under a blanket.|Comforting from the first minute.",
    ),
    "witty": (
        *("light", "A", "Clever|Crooked|Curious|Unlikely|Borrowed|Perfect"),
        "Sharp talk and perfect timing.|Quick, bright and very funny.|Every scene has a sting in its tail.",
    ),
    "tender": (
        *("light", "A", "First|Blue|Faithful|Velvet|Returning|Open"),
        "Tender without ever being sweet.|A heartfelt story, softly told.|Keep a handkerchief at hand.",
    ),
    "playful": (
        *("light", "A", "Dancing|Runaway|Striped|Flying|Secret|Merry"),
        "Colourful, playful and a little silly.|Joyful nonsense in the best sense.|Mischief for every age.",
    ),
    "brooding": (
        *("dark", "A", "Long|Grey|Forgotten|Hollow|Salt|Heavy"),
        "Slow, brooding and beautifully shot.|It stays with you for days.|A melancholy tale of regret.",
    ),
    "tense": (
        *("dark", "A", "Broken|Final|Burning|Narrow|Red|Silent"),
        "Tense from start to finish.|Nerves of steel required.|The pressure never lets up.",
    ),
    "stark": (
        *("dark", "A", "Bare|Iron|Frozen|Distant|Stone|Bitter"),
        "Stark, honest and unsparing.|Raw performances in a bleak landscape.|No easy answers here.",
    ),
    "eerie": (
        *("dark", "An", "Pale|Midnight|Unseen|Shadow|Thirteenth|Whispering"),
        "Eerie, strange and hard to explain.|Keep the lights on.|An uncanny mood that creeps up on you.",
    ),
}

TITLE_PATTERNS = (
    "The {adjective} {noun}",
    "The {noun} of {place}",
    "{name} and the {noun}",
    "The {noun} at {place}",
    "{name} and the {adjective} {noun}",
    "Beyond the {adjective} {noun}",
)
PLACES = (
    "Harrowmere|Ostvale|Port Linden|Sable Bay|Millwater|Tarn Hollow|Fenwick Sands|Amberley Cross|Kestrel Point|Luma"
    "|Vell Harbour|Orrin|Saltmarsh|Brindle Hill|Candle Street|Marrow Lane|Tessaly|Nine Wells|Upper Dray|Quillon"
    "|Isola Verra|Kumbira|Tamsin Square|Old Jasper|Noorland|Sora Valley|Pelican Quay|Winter Garden|Ashgrove|Rua Alta"
).split("|")
NAMES = (
    "Mira|Tomas|Ines|Kofi|Anouk|Sami|Lena|Ravi|Noor|Elio|Yuki|Pilar|Oskar|Zola|Amara|Nils|Leila|Juno|Dario|Hana"
    "|Teodor|Asha|Milo|Farah|Ilse|Bruno|Sanna|Idris|Vera|Tao"
).split("|")
SET_SOMEWHERE = ("Comedy", "Crime", "Drama", "Family", "Romance", "Thriller")  # genres whose stories take a setting
SETTINGS = (
    "in a harbour town|over one long summer|in a city that never slows down|during the first snow|on a remote island"
    "|at the end of the line|in a valley cut off by rain|over a single weekend|in the small hours|in the high hills"
    "|behind a closed theatre|along an old canal|in a house with too many doors|one week before the holidays"
).split("|")
LANGUAGES = {
    **{"English": 0.44, "Spanish": 0.10, "French": 0.09, "Korean": 0.08, "Hindi": 0.07, "Japanese": 0.06},
    **{"German": 0.05, "Portuguese": 0.04, "Arabic": 0.03, "Swahili": 0.02, "Turkish": 0.01, "Icelandic": 0.01},
}

STARVED, PEER = "Lantern Row", "Copper Kettle"
EQUAL_PAIR = ("Paper Heron", "Ninth Orchard")
INDEPENDENTS = "Independents"
STUDIOS = (  # the others, from the largest to the smallest
    "Northmoor Pictures|Grand Meridian|Tidemark|Silver Thimble|Atlas & Daughters|Quiet Engine|Blue Ladder|Saltgrass"
    "|Larkfield|Open Window|Moss & Mortar|Foxglove Hill|Third Teacup|Harbour Nine|Tall Grass|Velvet Anchor|Onionskin"
    "|Morning Tram|Juniper House|Kite & Key|Lost Umbrella|Rain Barrel Road|Pebble Court|Sunday Telescope|Oat Field"
    "|Wooden Comet|Little Archive|Far Balcony|Green Lamp|Tin Whistle|Half Moon Yard|Slow River|Plum Street|Hidden Stair"
    "|Echo Bakery|North Attic"
).split("|")
