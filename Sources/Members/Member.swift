/// One member of a container, as its reader hands it out: facts, without content.
///
/// A container is whatever holds files or streams of its own: an archive, a compressed file, a disk image, a document with
/// embedded objects.
package struct Member: Hashable, Sendable {
    /// Every candidate for its name, octets as they stand in the container but in UTF-8 where the format says in which
    /// encoding they are; empty when it has none. Never used as a path.
    package var names: [[UInt8]]
    package var flags: MemberFlags
    /// What it is, where the container says so by its structure rather than by a name (`VBA source`, `comment`); for people.
    package var role: String

    /// A name has an octet that is more than a blank or a control character.
    package var hasReadableName: Bool { names.contains { $0.contains { $0 > 0x20 && $0 != 0x7F } } }

    /// The role of what a file is that was compressed as a whole.
    package static let decompressed = "decompressed"

    package init(names: [[UInt8]] = [], flags: MemberFlags = [], role: String = "") {
        self.names = names
        self.flags = flags
        self.role = role
    }
}

/// What a member is besides a file.
package struct MemberFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Its content is encrypted and could not be decrypted: it has a name and no content.
    package static let encrypted = MemberFlags(rawValue: 1 << 0)
    package static let directory = MemberFlags(rawValue: 1 << 1)
    /// Points to another path; the target is one of its names.
    package static let symbolicLink = MemberFlags(rawValue: 1 << 2)
    /// Stands for another member; that one's name is one of its names.
    package static let hardLink = MemberFlags(rawValue: 1 << 3)
    /// A device, FIFO or socket.
    package static let special = MemberFlags(rawValue: 1 << 4)
    /// Text of a macro.
    package static let macro = MemberFlags(rawValue: 1 << 5)
    /// No member by its directory, but octets that lie around and between the members.
    package static let slack = MemberFlags(rawValue: 1 << 6)
    /// Was encrypted and opened with a password.
    package static let decrypted = MemberFlags(rawValue: 1 << 7)
    /// A file that was put into a document, as opposed to a stream that every such document has.
    package static let embeddedFile = MemberFlags(rawValue: 1 << 8)
    /// Is mail: goes back to the reader of messages whatever it looks like.
    package static let mail = MemberFlags(rawValue: 1 << 9)
    /// A stream of a compound file that only the program of the document reads, which goes by its records: none that opens
    /// archives ever gets to see it as a file.
    package static let storageStream = MemberFlags(rawValue: 1 << 10)
    /// Shown or stored by something else, and maybe in part only: written out in a text that no program runs, a blob of a
    /// database, data of a recording. What of it cannot be read is worth a note; nothing that came is damaged.
    package static let quoted = MemberFlags(rawValue: 1 << 11)
    /// A guessed password opened it under a check that programs pass over: with another password they write other content
    /// out. What it is has to show that the password was the right one.
    package static let guessed = MemberFlags(rawValue: 1 << 12)
    /// An archive whose members are so.
    package static let guessedMembers = MemberFlags(rawValue: 1 << 13)
    /// Names that are not UTF-8 are in code page 437, as the format has it; writers often take that of their system.
    package static let dosNames = MemberFlags(rawValue: 1 << 14)
    /// An archive beside members that begins as one of them does, and what is in it: maybe no more than what a compression left of
    /// that one as it was, and maybe another archive.
    package static let resembling = MemberFlags(rawValue: 1 << 15)
}

/// Something that a reader could not do, or that no honest program writes. One container may have many; equal ones are
/// reported once.
package struct ContainerProblem: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Damaged, cut off, or not what it claims to be.
        case corrupt
        /// Damaged in no other way than that it ends too early: what is missing would stand behind its last octet. That is told as
        /// `corrupt`, and in a piece of something larger as a note.
        case cut
        /// A format, method or part of a format that is not read here.
        case unsupported
        /// All or part of it is encrypted.
        case encrypted
        /// A limit of the reader, or a form that only a bomb has.
        case overLimits
        /// Programs are known to read it in different ways.
        case ambiguous
        /// Worth telling, nothing was missed: the password that opened it and where it came from.
        case note
    }

    package var kind: Kind
    /// What exactly, for people: constant words of ours, without text from the container.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
