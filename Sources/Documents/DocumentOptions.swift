package import Bytes
package import Members

/// Limits of the readers of documents. What goes beyond is reported as `over-limits`.
package struct DocumentLimits: Hashable, Sendable {
    /// Octets of one decoded member. Default 256 MiB.
    package var memberOctets = 256 << 20
    /// Octets of a decoded value that has to be in memory as a whole: object streams, several filters, compiled help.
    /// Default 16 MiB.
    package var bufferedOctets = 16 << 20
    /// Different facts of one document; that there are more is told once. Default 256.
    package var facts = 256
    /// Octets of a fact's text and of a name. Default 1,024.
    package var factOctets = 1_024
    /// Octets that all decoders of one document may write, whether it becomes a member or not. Default 512 MiB.
    package var decodedOctets = 512 << 20
    /// Decoded octets for each octet of a document, beyond the first MiB. Deflate reaches 1,032. Default 1,100.
    package var expansion = 1_100
    /// Directory entries, objects, records or properties of one document that are looked at. Default 200,000.
    package var items = 200_000
    /// Octets that a reader that goes over a document several times may read, for each octet of it. Default 16.
    package var rereading = 16
    /// Storages, groups or lists within one another. Default 64.
    package var depth = 64
    /// Hash rounds for all passwords of one document. Default 4,000,000: some seconds.
    package var passwordRounds = 4_000_000

    /// Hash rounds of agile encryption for one password: Office writes 100,000. Default 1,000,000.
    package var agileRounds = 1_000_000

    package init() {}
}

/// What browsers show a file as because its media type or its name says so.
package enum NamedPage: Sendable {
    case html
    /// SVG.
    case vectorImage
}

/// What a reader is told.
package struct DocumentOptions {
    package var limits: DocumentLimits
    /// Candidate passwords for encrypted documents, in the order to be tried, as UTF-8. The well-known ones are tried first
    /// in any case.
    package var passwords: PasswordSupply
    /// Keys of the whole message.
    package var keys: PasswordKeys
    /// What its type or name says that the document is; it begins anywhere then.
    package var namedPage: NamedPage?
    /// The signs of the document, where they are known.
    package var signs: TextSigns

    package init(
        limits: DocumentLimits = DocumentLimits(), passwords: @escaping PasswordSupply = { Passwords(limit: 0) },
        keys: PasswordKeys = PasswordKeys(most: ContainerLimits().passwordKeys), namedPage: NamedPage? = nil,
        signs: TextSigns = .all
    ) {
        self.namedPage = namedPage
        self.limits = limits
        self.passwords = passwords
        self.keys = keys
        self.signs = signs
    }
}
