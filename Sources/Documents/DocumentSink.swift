package import Members

/// Something about a document that a policy may ask for. No judgement.
package struct DocumentFact: Hashable, Sendable {
    /// Raw values are for logs and reports.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A VBA project with source text: the project's modules.
        case macro
        /// An Excel 4.0 macro sheet: its name.
        case macroSheet = "macro-sheet"
        /// A DDE field or link: the command, as far as it can be read.
        case dde
        /// A template that is loaded from elsewhere: its target.
        case remoteTemplate = "remote-template"
        /// An object that is linked from elsewhere: its target.
        case externalObject = "external-object"
        /// An object of the equation editor: its class.
        case equation
        /// An embedded object: the class that says which program opens it.
        case embeddedObject = "embedded-object"
        /// JavaScript in a PDF.
        case javaScript = "javascript"
        /// A PDF starts a program or opens another document: which.
        case launch
        /// A PDF does something when it is opened.
        case openAction = "open-action"
        /// A link: its target.
        case uri
        /// What a shortcut starts.
        case shortcutTarget = "shortcut-target"
        /// With which arguments.
        case shortcutArguments = "shortcut-arguments"
        /// Script in HTML that makes a file of its own text and hands it to the reader (MITRE ATT&CK T1027.006).
        case htmlSmuggling = "html-smuggling"
        /// An SVG image with script.
        case svgScript = "svg-script"
        /// Opened with a password. Where it comes from is a note.
        case password
    }

    package var kind: Kind
    /// As UTF-8 where the document says which charset it is; hostile text, cut to `DocumentLimits.factOctets`.
    package var text: [UInt8]

    package init(_ kind: Kind, _ text: [UInt8] = []) {
        self.kind = kind
        self.text = text
    }
}

/// Takes members as any reader of containers hands them out, and facts.
package protocol DocumentSink: MemberSink {
    /// Takes a fact. Their number is limited by `DocumentLimits.facts`.
    func add(_ fact: DocumentFact)
}

/// What a member is in its document.
struct DocumentRole {
    var text: String
    var flags: MemberFlags

    /// A file that the document carries: an attachment, a package.
    static let file = DocumentRole(text: "embedded file", flags: .embeddedFile)
    /// A stream that the document is made of.
    static let stream = DocumentRole(text: "stream", flags: [])
    /// A stream of a compound file that no program takes for a file.
    static let storageStream = DocumentRole(text: "stream", flags: .storageStream)
    /// Source text of a macro.
    static let macro = DocumentRole(text: "VBA source", flags: .macro)
    /// Source text of a script.
    static let script = DocumentRole(text: "script", flags: [])
    static let signedFile = DocumentRole(text: "signed file", flags: .embeddedFile)
    /// A file that is written out in text which makes a file of it.
    static let literal = DocumentRole(text: "file in text", flags: .embeddedFile)
    /// A file that is written out in any other text, which may show a piece of one only.
    static let quotedLiteral = DocumentRole(text: "file in text", flags: [.embeddedFile, .quoted])
    /// Packets of OpenPGP that are compressed as a file of their own.
    static let packets = DocumentRole(text: "compressed packets", flags: [])
    /// XML of a form.
    static let form = DocumentRole(text: "form", flags: [])
    /// Text of a message.
    static let body = DocumentRole(text: "message body", flags: [])
    /// An embedded message.
    static let mail = DocumentRole(text: "signed content", flags: .mail)
    /// The document itself.
    static let decrypted = DocumentRole(text: "decrypted document", flags: .decrypted)
}
