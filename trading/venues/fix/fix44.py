"""What FIX 4.4 (errata 20030618) says about the messages this product speaks: numbers only, in a compact
form.

A tag list is text such as `1 11-15`: single tags and inclusive ranges. Types whose row is missing are known
by name only: they are recognized as valid MsgTypes but never checked field by field.
"""


def expand(text: str) -> frozenset[int]:
    """Return the numbers of a tag list."""
    numbers: set[int] = set()
    for item in text.split():
        first, _, last = item.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)


ADMIN_TYPES = frozenset({b"0", b"1", b"2", b"3", b"4", b"5", b"A"})
MSG_TYPES = frozenset(
    b"0 1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N P Q R S T V W X Y Z a b c d e f g h i j k l m n o p q r"
    b" s t u v w x y z AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AP AQ AR AS AT AU AV AW AX AY AZ BA BB"
    b" BC BD BE BF"
    b" BG BH".split()
)

DEFINED = expand(
    "1-19 21-23 25-45 48-50 52-75 77-85 87-91 93-100 102-104 106-108 110-124 126-165 167-172 188-203 206-218"
    " 220-260 262-313 315-318 320-369 371-438 441-448 451-464 466-652 654-684 686-808 810-830 832-956"
)
HEADER = expand("8-9 34-35 43 49-50 52 56-57 90-91 97 115-116 122 128-129 142-145 212-213 347 369 627-630")
HEADER_REQUIRED = (49, 56, 34, 52)
TRAILER = expand("10 89 93")

# The Instrument component with its groups of alternate ids and events.
_INSTRUMENT = (
    "22 48 55 65 106-107 167 200-202 206-207 223-228 231 239-247 255-256 305-309 348-351 362-363 435-436"
    " 454-456 460-461 470-472 541-543 592-595 667 691 762 864-868 873-875"
)
_UNDERLYING = "241-247 256 305-313 315-318 362-365 435-436 457-459 462-463 542 592-595 711 763 810 877-879 882-889 941"
_LEG = "248-254 257 555-556 596-624 739-740 764 942 955-956"
_PARTIES = "447-448 452-453 523 802-803"
_ORDER = (
    "1 11-13 15 18 21 38 40 44 54 58-60 63-64 75 77-81 99-100 110-111 114 117 120-121 126 140 152 168"
    " 192-193 203 210-211 218 220-222 229 232-236 336 354-355 376-377 386 388-389 423 427 432 467-469"
    " 479-481 494 497 513 516 524-529 538-539 544-545 581-583 586 589-591 625 635 640 660-663 696-699 701"
    " 736 761 775 788 804-805 835-838 840-844 846-849 854 898 913-919"
)
_REPORT = (
    "1 6 11-15 17-19 21 29-32 37-41 44 54 58-60 63-64 66 75 77 99 103 110-111 113 118-120 126 136-139"
    " 150-152 155-159 168 192-195 198 210-211 218 220-222 229-230 232-238 258-260 336-337 354-355 375-378"
    " 381-382 388-389 423-427 432 437-438 442 468-469 479-481 483-485 494 497 513 515-516 518-521 524-529"
    " 538-539 544-545 548-549 551 564-566 581-584 587-591 625 635-641 651-652 654-655 660 662-663 669 683"
    " 687-690 693 696-699 701 738 761 775 788 790 797 804-805 835-851 854 891 898 911-922 943"
)

BODY: dict[bytes, frozenset[int]] = {
    msg_type: expand(text)
    for msg_type, text in {
        b"0": "112",
        b"1": "112",
        b"2": "7 16",
        b"3": "45 58 354-355 371-373",
        b"4": "36 123",
        b"5": "58 354-355",
        b"A": "95-96 98 108 141 372 383-385 464 553-554 789",
        b"D": f"{_ORDER} 22-23 {_INSTRUMENT} {_UNDERLYING} {_PARTIES} 70",
        b"F": f"1 11 37-38 41 54 58 60 66 152 354-355 376 516 526 581 583 586 660 788 898 913-919"
        f" {_INSTRUMENT} {_UNDERLYING} {_PARTIES}",
        b"G": f"{_ORDER} 37 41 66 70 {_INSTRUMENT} {_UNDERLYING} {_PARTIES}",
        b"H": f"1 11 37 54 526 583 660 788 790 898 913-919 {_INSTRUMENT} {_UNDERLYING} {_PARTIES}",
        b"q": f"11 54 58 60 336 354-355 526 530 625 {_INSTRUMENT} {_UNDERLYING}",
        b"r": f"11 37 41 54 58 60 198 336 354-355 526 530-536 625 {_INSTRUMENT} {_UNDERLYING}",
        b"AF": f"1 54 336 584-585 625 660 {_INSTRUMENT} {_UNDERLYING} {_PARTIES}",
        b"8": f"{_REPORT} {_INSTRUMENT} {_UNDERLYING} {_LEG} {_PARTIES}",
        b"9": "1 11 37 39 41 58 60 66 75 102 198 229 354-355 434 526 581 583 586 636 660",
        b"j": "45 58 354-355 372 379-380",
        b"V": f"146 262-267 269 286 336 386 546-547 625 812 815 {_INSTRUMENT} {_UNDERLYING} {_LEG}",
        b"W": "15 18 37 58-59 110 126 262 268-277 282-284 286-292 299 336 346 354-355 432 451 546 625 811"
        f" 813-814 {_INSTRUMENT} {_UNDERLYING} {_LEG}",
        b"X": "15 18 37 58-59 110 126 262 268-280 282-292 299 336 346 354-355 432 451 546 625 811 813-814"
        f" {_INSTRUMENT} {_UNDERLYING} {_LEG}",
        b"Y": "58 262 281 354-355 816-817",
        b"d": f"15 58 320 322-323 336 354-355 561-562 625 668 827 869-872 {_INSTRUMENT} {_UNDERLYING} {_LEG}",
        b"e": f"15 263 324 336 625 668 869-872 {_INSTRUMENT} {_UNDERLYING} {_LEG}",
        b"f": f"15 31 58 60 291-292 324-334 336 354-355 625 668 869-872 {_INSTRUMENT} {_UNDERLYING} {_LEG}",
    }.items()
}
# MDEntries of W carry RptSeq(83) only in later versions and in most vendors' profiles of 4.4: accepted here.
BODY[b"W"] |= {83}
BODY[b"X"] |= {83}

REQUIRED: dict[bytes, tuple[int, ...]] = {
    b"1": (112,),
    b"2": (7, 16),
    b"3": (45,),
    b"4": (36,),
    b"A": (98, 108),
    b"D": (11, 55, 54, 60, 40),
    b"F": (41, 11, 55, 54, 60),
    b"G": (41, 11, 55, 54, 60, 40),
    b"H": (11, 55, 54),
    b"q": (11, 530, 60),
    b"r": (37, 530, 531),
    b"AF": (584, 585),
    b"8": (37, 17, 150, 39, 55, 54, 151, 14, 6),
    b"9": (37, 11, 41, 39, 434),
    b"j": (372, 380),
    b"V": (262, 263, 264, 267, 146),
    b"W": (268,),
    b"X": (268,),
    b"Y": (262,),
    b"d": (320, 322, 323),
    b"e": (324, 263),
}

INTEGERS = expand(
    "7 9 16 34 36 45 78 90 95 98 102-103 108 136 146 201 203 212 226 232 264-265 267-268 287 290 334 348 350"
    " 354 362 364 369 371 373 378 380 382-384 386 393 427 453-454 457 460 462 518 519 534 538-539 549 555"
    " 559-560 565 581-582 585 604 627 683 702 711 753 802 804 814-816 835 864 870 887 911"
)
DECIMALS = expand("6 12 14 31-32 38 44 99 110-111 118-119 132-135 140 151-152 202 210-211 231 270-271 332-333 423-426")
BOOLEANS = expand("43 97 113-114 121 123 141 258 266 325 328-329 377 464 547 636 797 893 912")
TIMESTAMPS = expand("52 60 122 126 168 341-345 438 483 515 586 629")
DATES = expand("64 75 193 432 541-542")

ENUMS: dict[int, frozenset[bytes]] = {
    tag: frozenset(text.encode().split())
    for tag, text in {
        21: "1 2 3",
        39: "0 1 2 3 4 5 6 7 8 9 A B C D E",
        40: "1 2 3 4 5 6 7 8 9 B C D E F G H I J K L M P",
        54: "1 2 3 4 5 6 7 8 9 A B C D E F G",
        59: "0 1 2 3 4 5 6 7",
        98: "0 1 2 3 4 5 6",
        150: "0 1 2 3 4 5 6 7 8 9 A B C D E F G H I",
        167: "EUSUPRA FAC FADN PEF SUPRA CORP CPP CB DUAL EUCORP XLINKD STRUCT YANK FOR CS PS WAR BRADY"
        " EUSOV TBOND TINT TIPS TCAL TPRN UST USTB TNOTE TBILL REPO FORWARD BUYSELL SECLOAN SECPLEDGE TERM"
        " RVLV RVLVTRM BRIDGE LOFC SWING DINP DEFLTED WITHDRN REPLACD MATURED AMENDED RETIRED BA BN BOX CD"
        " CL CP DN EUCD EUCP LQN MTN ONITE PN PZFJ SLQN STN TD XCN YCD ABS CMBS CMO IET MBS MIO MPO MPP MPT"
        " PFAND TBA AN COFO COFP GO MT RAN REV SPCLA SPCLO SPCLT TAN TAXA TECP TRAN VRDN MF MLEG NONE FUT"
        " OPT ?",
        263: "0 1 2",
        265: "0 1",
        269: "0 1 2 3 4 5 6 7 8 9 A B C",
        279: "0 1 2",
        434: "1 2",
        530: "1 2 3 4 5 6 7",
        585: "1 2 3 4 5 6 7 8",
    }.items()
}

# Count tag: (tag that starts each entry, tags an entry may hold). Nested groups are within their parent.
GROUPS: dict[int, tuple[int, frozenset[int]]] = {
    count: (first, expand(members))
    for count, (first, members) in {
        78: (79, "79-80 467 524-525 538-539 545 661 736 804-805"),
        136: (137, "137-139 891"),
        146: (55, f"15 58 231-236 336 561-562 625 668 827 869-872 {_INSTRUMENT} {_UNDERLYING} {_LEG}"),
        232: (233, "233-234"),
        267: (269, "269"),
        382: (375, "337 375 437-438 655"),
        384: (372, "372 385"),
        386: (336, "336 625"),
        453: (448, "447-448 452 523 802-803"),
        454: (455, "455-456"),
        457: (458, "458-459"),
        518: (519, "519-521"),
        534: (41, "41 535-536"),
        539: (524, "524-525 538 545 804-805"),
        555: (600, f"524-525 538-539 545 564-566 587-588 637 654 676-680 683 687-690 804-805 {_LEG}"),
        604: (605, "605-606"),
        627: (628, "628-630"),
        683: (688, "688-689"),
        711: (311, _UNDERLYING),
        802: (523, "523 803"),
        804: (545, "545 805"),
        816: (817, "817"),
        864: (865, "865-868"),
        870: (871, "871-872"),
        887: (888, "888-889"),
    }.items()
}
_MD_ENTRY = "15 18 37 58-59 83 110 126 269-277 282-284 286-290 299 336 346 354-355 432 546 625 811"
MD_ENTRIES = {
    b"W": (269, expand(_MD_ENTRY)),
    b"X": (279, expand(f"{_MD_ENTRY} 278-280 285 291-292 451 {_INSTRUMENT} {_UNDERLYING} {_LEG}")),
}
