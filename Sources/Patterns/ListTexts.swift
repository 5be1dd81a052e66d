internal import Checks
internal import MailModel

/// The texts that a list looks up, told by patterns: what holds of each of them, and what is meant for another list.
struct ListTexts {
    /// Something that holds of every text of the list, so that a rule that needs the contrary never fires.
    struct Fact {
        let automaton: TextAutomaton
        /// True when every text matches, false when none does.
        let holds: Bool
        /// Behind "never fires: ".
        let words: String
    }

    /// Something that few texts of the list are, though a rule may look for nothing else.
    struct Habit {
        let automaton: TextAutomaton
        /// The rule is told of when it matches only such texts; otherwise when it matches none of them.
        let isInside: Bool
        /// Only such texts: the rule asks for the name of a file, and is as good as dead.
        let deadly: TextAutomaton?
        let words: String
    }

    let facts: [Fact]
    let habits: [Habit]

    init(_ list: CheckList) {
        let (facts, habits) = Self.described(list)
        // Octets of characters in facts, characters in habits.
        let habitFlags: PatternFlags = list.readsCharacters ? [.unicode] : []
        self.facts = facts.compactMap { fact in
            Self.automaton(fact.pattern).map { Fact(automaton: $0, holds: fact.holds, words: fact.words) }
        }
        self.habits = habits.compactMap { habit in
            Self.automaton(habit.pattern, habitFlags).map {
                Habit(
                    automaton: $0, isInside: habit.isInside, deadly: habit.deadly.flatMap { Self.automaton($0) },
                    words: habit.words)
            }
        }
    }

    private typealias FactText = (pattern: String, holds: Bool, words: String)
    private typealias HabitText = (pattern: String, isInside: Bool, deadly: String?, words: String)
    private typealias Described = (facts: [FactText], habits: [HabitText])

    private static func automaton(_ pattern: String, _ flags: PatternFlags = []) -> TextAutomaton? {
        let text = PatternText(bytes: Array(pattern.utf8), flags: flags.union([.caseless, .dotAll]))
        return PatternReader.tree(text, .pcre, exactly: true).flatMap { TextAutomaton($0, ignoresCase: false) }
    }

    // MARK: Words of the patterns

    /// The six fields that belong to mime_header_checks everywhere (`header_checks(5)`).
    private static let mimeField =
        "(content-(type|disposition|transfer-encoding|id|description)|mime-version)"
    /// Fields that messages have at their top.
    private static let field =
        "(from|to|cc|bcc|subject|date|sender|received|reply-to|return-path|message-id|in-reply-to|references"
        + "|delivered-to|envelope-to|importance|priority|precedence|list-unsubscribe|list-id|user-agent|organization"
        + "|authentication-results|dkim-signature|x-[!-9;-~]+)"
    /// Endings of programs, archives and documents.
    private static let ending =
        #"\.(exe|scr|pif|bat|com|cmd|vbs|vbe|js|jse|wsf|wsh|wsc|hta|cpl|lnk|chm|reg|msi|msp|ps1|dll|ocx|shs|shb|jar"#
        + #"|zip|rar|arj|ace|cab|iso|doc|docm|xls|xlsm|ppt|rtf|pdf)"#
    /// Octets of characters that show nothing, and of blanks that are not the plain one (UTF-8).
    private static let unseen =
        #"\xc2[\xa0\xad]|\xe2\x80[\x80-\x8f\xaa-\xaf]|\xe2\x81[\x9f-\xaf]|\xe3\x80\x80|\xef\xbb\xbf"#

    private static let noEmpty: FactText = (
        #"^\z"#, false, "an empty text is never looked up, and nothing else matches"
    )
    private static let noNUL: FactText = (
        #"\x00"#, false,
        "a text is looked up as far as its first NUL, and this needs one; files are sent in base64: use "
            + "attachment_checks for types of files"
    )
    private static let noUnseen: FactText = (
        unseen, false,
        "characters that show nothing are left out here, and every kind of blank is a plain one: write the text as it "
            + "is seen"
    )

    private static let partHeaders =
        "the headers of parts are no body text since Postfix 2.0: put the rule into mime_header_checks, or use "
        + "attachment_checks, as /^name: .*.../"

    // MARK: Lists

    private static func described(_ list: CheckList) -> Described {
        switch list {
        case .header: (fields, [ofMIME])
        case .mimeHeader: (fields, [ofParts])
        case .nestedHeader:
            (
                fields + [
                    (
                        "^\(mimeField):", false,
                        "the MIME fields of attached messages are looked up in mime_header_checks"
                    )
                ], []
            )
        case .body: ([noNewline, noEmpty, noNUL], misplacedInBody)
        case .decodedHeader: ([noEmpty, noUnseen], misplacedInDecodedHeader)
        case .decodedBody: ([noNewline, noEmpty, noUnseen], misplacedInDecodedBody)
        case .link: ([noNewline, noEmpty, noUnseen], misplacedInLinks)
        case .attachment:
            (
                [
                    noEmpty,
                    (
                        #"^(?:name|type): "#, true,
                        #"a text of attachment_checks begins with "name: " or "type: ""#
                    ),
                ], []
            )
        }
    }

    private static let noNewline: FactText = (#"\n"#, false, "a line has no newline in it, and this needs one")

    private static let fields: [FactText] = [
        (#"\n([^ \t]|\z)"#, false, "behind a newline in a field stands the blank or tab of its fold"), noEmpty,
        (
            "^[!-9;-~]+:", true,
            "a field begins with its name and a colon, without a blank: one before the colon is taken out"
        ), noNUL,
    ]

    /// Without the colon: many rules go on with `.*`.
    private static let ofMIME: HabitText = (
        "^\(mimeField)", true, nil,
        "Content-Type, Content-Disposition and the other MIME fields are looked up in mime_header_checks, also at the top "
            + "of the message; this fires only while mime_header_checks is not set"
    )
    private static let ofParts: HabitText = (
        "^(content-|mime-version)", false, nil,
        "fields of the message itself are looked up in header_checks; here only MIME fields and fields at the top of a "
            + "body part are seen"
    )

    private static let misplacedInBody: [HabitText] = [
        (#"^\s*"# + mimeField, true, #"^\s*"# + mimeField + ".*name.*" + ending, partHeaders),
        (
            #"^\s*"# + field + #"\s*:"#, true, nil,
            "the fields of a message are looked up in header_checks; here this fires on headers that are quoted in a text"
        ),
        (
            #"name\s*="#, true, #"name\s*=\s*("[^"]*|[^"<>]*)"# + ending,
            "file names stand in the headers of parts, which are no body text since Postfix 2.0: put the rule into "
                + "mime_header_checks, as /^Content-(Disposition|Type):.*name=.../, or use attachment_checks, as "
                + "/^name: .*.../"
        ),
        (
            #"this program (cannot be|must be) run (in dos mode|under win32)|%pdf-1|\{\\rtf1|word/document\.xml"#
                + #"|\[content_types\]\.xml|vbaproject\.bin"#, true, nil,
            "files are sent in base64, and body_checks sees that text: look for its base64 text, or use "
                + "decoded_body_checks for text and attachment_checks for types of files"
        ),
        (
            #"[\x01-\x08\x0b\x10-\x1a\x1c-\x1f]"#, true, nil,
            "needs an octet that stands in no text: files are sent in base64, and body_checks sees that text; use "
                + "attachment_checks for types of files"
        ),
    ]

    private static let encodedWord: HabitText = (
        #"=\?"#, true, nil, "encoded words (RFC 2047) are decoded here: write the words themselves"
    )

    private static let misplacedInDecodedHeader: [HabitText] = [
        encodedWord,
        (
            "^[!-9;-~]+:", false, nil,
            "a field begins with its name and a colon, without a blank: one before the colon is taken out"
        ),
        (
            #"\n"#, true, nil, "fields are unfolded here: a newline stands only where an encoded word brings one"
        ),
    ]

    private static let misplacedInDecodedBody: [HabitText] = [
        encodedWord,
        (
            #"^[ \t]*("# + mimeField + "|" + field + #")[ \t]*:"#, true, nil,
            "fields are looked up in header_checks, mime_header_checks and decoded_header_checks; here this fires on headers "
                + "that are quoted in a text"
        ),
        (
            #"name[ \t]*="#, true, nil,
            "file names stand in the headers of parts, which are no text: use attachment_checks, as /^name: .*.../"
        ),
        (
            #"^--.*(nextpart|boundary)|^--=_"#, true, nil,
            "the lines between parts are no text of a part: put the rule into body_checks"
        ),
        (
            #"<(html|head|body|a|img|script|style|iframe|form|font|div|span|table|meta|!--)|(href|src)[ \t]*="#, true,
            nil,
            "HTML is looked up as what is shown, without tags: put the rule into body_checks"
        ),
        (
            #"&(nbsp|amp|lt|gt|quot|#[0-9])"#, true, nil,
            "HTML is looked up as what is shown: write the character that stands in place of the reference"
        ),
        (
            "=(20|3d|0d|0a|c[23]|e2)", true, nil, "quoted-printable is decoded here: write what it stands for"
        ),
    ]

    private static let misplacedInLinks: [HabitText] = [
        (
            "(href|src|action|background)[ \t]*=|<a |</a>", true, nil,
            "a link is looked up without the tag that it stands in: write what stands between the quotes"
        ),
        (
            "%(2[1-46-9a-f]|[3-6][0-9a-f]|7[0-9a-e])", true, nil,
            "printable characters are decoded here: write the character that %XX stands for"
        ),
        ("&(amp|lt|gt|quot|#[0-9])", true, nil, "references are decoded here: write the character itself"),
    ]
}
