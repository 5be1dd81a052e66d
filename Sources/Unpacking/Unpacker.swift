internal import Bytes
package import Linux
package import MIME
package import Documents
package import Members

/// Lends the contents of all parts of the message that may be containers, one by one. Asked once at most, after the passwords.
package typealias ContainerSupply = ((Span<UInt8>) -> Void) -> Void

/// Opens what one message holds, breadth first: all containers of one level before any of the next, so that a bomb in one
/// attachment hides nothing of the others. One budget for all.
///
/// The caller gives it the content of each part with `open`, then takes each member with `next` and gives it back to `open`.
package final class Unpacker {
    /// What became of one content.
    package struct Opened: Sendable {
        /// Every type that fits, the most telling first.
        package var types: [FileType] = []
        /// What could not be read, or is odd.
        package var problems: [ContainerProblem] = []
        /// What a policy may ask for in a document.
        package var facts: [DocumentFact] = []
        /// It is a container, and nothing else that has no reader, of which everything was handed out: nobody needs to take it
        /// apart again.
        package var isComplete = false
        /// It is a document that a password opened.
        package var isDecrypted: Bool { facts.contains { $0.kind == .password } }
        /// Limits that were reached on the way, for the first time in the message.
        package var limits: [UnpackingLimit] = []
        /// It is a piece of something larger: called so, or the end of one, and nothing of it is missing but what stands behind it.
        package var isPiece = false
        /// A limit of the message, reached here or before, kept what is in it from being handed out.
        package var isCut = false
    }

    /// What becomes of content that looks like mail.
    package enum MailHandling: Sendable {
        /// It is taken apart.
        case open
        /// The MIME reader took it apart.
        case opened
        /// It is text of the message itself, which quotes mail and is read as text: everybody may begin a text with fields of mail.
        case text
    }

    /// One member that waits to be looked at.
    package struct Item {
        package var member: Member
        /// What the caller named the container when it opened it.
        package var container: Int
        /// Place in its container, from 1 on.
        package var number: Int
        /// Containers around it.
        package var level: Int
        /// The container is a document rather than an archive.
        package var isEmbedded: Bool
        let content: ContentStore.Stored
        /// It goes as far as a container that is a piece of something larger: its end is missing like that one's.
        fileprivate(set) var isEndOfPiece = false
        /// Its content is kept for what it may tell of passwords.
        var isKept = false

        /// Octets of content.
        package var size: Int { content.count }
        /// The member has content: it is to be scanned and opened.
        package var hasContent: Bool {
            if case .none = content { return false }
            return true
        }
    }

    /// What one message may unpack to.
    package let limits: UnpackingLimits
    /// What the structure of a message may be.
    package let messageLimits: MIMELimits
    /// Finds those of the message.
    private let findPasswords: PasswordSupply
    let findContainers: ContainerSupply
    /// Those of the message, once something asked; and with them, those of texts in its containers.
    private lazy var messagePasswords = findPasswords()
    private var allPasswords: Passwords?
    private lazy var supply: PasswordSupply = { [unowned self] in passwords() }
    var texts = ArchiveTexts()
    private let keys: PasswordKeys
    let budget: Budget
    private let store: ContentStore
    private var queue: [Item] = []
    private var head = 0
    /// Why the workspace could not be written; nothing can be said of the message then.
    package private(set) var workspaceFailure: SystemError?

    /// - Parameters:
    ///   - messageSize: octets of the whole message, which the quota follows.
    ///   - directory: the message's own in the workspace; nil keeps all in memory.
    ///   - passwords: called once at most, when something encrypted is met.
    ///   - containers: called once at most, when something encrypted is met.
    ///   - messageLimits: of the structure of messages within containers.
    package init(
        limits: UnpackingLimits, messageSize: Int, directory: String?,
        passwords: @escaping PasswordSupply = { Passwords(limit: 0) },
        containers: @escaping ContainerSupply = { _ in },
        messageLimits: MIMELimits = MIMELimits()
    ) {
        self.limits = limits
        self.messageLimits = messageLimits
        findPasswords = passwords
        findContainers = containers
        keys = PasswordKeys(most: limits.containers.passwordKeys)
        budget = Budget(
            limits, messageSize: messageSize, wallClock: { monotonicNow() }, processorClock: { processorNow() })
        store = ContentStore(limits, directory: directory)
    }

    /// Octets that the message may still unpack to.
    package var octetsLeft: Int { budget.bytesLeft }

    /// Charges octets that were decoded from the message itself, or unpacked by somebody else.
    package func charge(_ octets: Int) {
        budget.charge(octets)
    }

    /// Recognises content and, when it is a container, queues its members.
    /// - Parameters:
    ///   - container: what the caller calls this content; it stands in the items that come from it.
    ///   - item: the member whose content it is; nil for a part of the message.
    ///   - mail: what becomes of content that looks like mail.
    ///   - asEncodedText: look for files that are encoded into text in any way; off where the MIME reader does, which knows blocks
    ///     of uuencode and yEnc, and no labels.
    ///   - isQuoted: a part of the message that is shown rather than sent, and maybe in part only.
    ///   - namedPage: what programs show it as because its type or name says so.
    ///   - isPiece: its names are those of a piece of something larger.
    package func open(
        _ content: Span<UInt8>, as container: Int, item: Item? = nil, mail: MailHandling = .open,
        asEncodedText: Bool = true, isQuoted: Bool = false, namedPage: NamedPage? = nil, isPiece: Bool = false
    ) -> Opened {
        content.withUnsafeBufferPointer {
            open(
                $0, as: container, item: item, flags: (item?.member.flags ?? []).union(isQuoted ? .quoted : []),
                mail: mail, asEncodedText: asEncodedText, namedPage: namedPage,
                isPiece: isPiece || item?.isEndOfPiece == true)
        }
    }

    private func open(
        _ bytes: UnsafeBufferPointer<UInt8>, as container: Int, item: Item?, flags: MemberFlags,
        mail: MailHandling, asEncodedText: Bool, namedPage: NamedPage?, isPiece: Bool
    ) -> Opened {
        let content = bytes.span
        let signs = content.textSigns
        let isText = signs.isText
        var opened = Opened(types: Recognition.types(of: content, isText: isText, mayBeMail: mail != .text))
        if flags.contains(.mail) { opened.types = [.mail] }
        let receiver = MemberReceiver(
            budget, store, container: container, content: bytes, level: (item?.level ?? 0) + 1,
            limits: limits, parent: item?.content ?? .none,
            flags: flags, isScript: !Self.mayQuote(opened.types))
        // What a database or a recording stores is in pieces there.
        let isStore = opened.types.contains(where: Self.isStore) && !Self.isZip(content)
        // So is what a disk or file system has that has no reader; that it has none is told all the same.
        let holdsPieces = isStore || Self.isUnread(opened.types) && !Self.isZip(content)
        receiver.isStore = holdsPieces
        let hitsBefore = budget.hits
        if flags.contains(.guessed), !GuessedContent.isProved(content, opened.types) {
            receiver.report(.encrypted, GuessedContent.doubt)
        }
        if mail == .open { keepWords(of: content, opened.types) }
        var covered = Coverage()
        for type in opened.types {
            switch type.opening {
            case .plain: continue
            case .unsupported: receiver.report(.unsupported, type.title)
            case .mail where mail == .opened, .mbox where mail == .opened: continue
            case .encodedText where !asEncodedText: continue
            default: break
            }
            guard type.opening.isReadable || type.opening == .encodedText else { continue }
            guard !budget.isOver else { continue }
            guard receiver.level <= limits.levels else {
                if type.opening.isReadable { budget.hit(.levels) }
                continue
            }
            receiver.isEmbedded = !type.opening.isArchive
            if let decoded = read(content, type, signs, item, receiver) { covered = decoded }
            receiver.noteEnds()
        }
        readDocument(content, opened.types, signs, namedPage: namedPage, receiver)
        if !budget.isOver, receiver.level <= limits.levels, isText {
            receiver.isEmbedded = true
            if !asEncodedText {
                TextReader.readLabelled(content, signs, into: receiver)
            } else if Self.mayHoldEncodedText(opened.types) {
                TextReader.read(content, signs, into: receiver)
            }
        }
        if !budget.isOver, receiver.level <= limits.levels, Self.mayHideArchives(opened.types) {
            receiver.isEmbedded = true
            let streams: HiddenArchives.Streams = Self.mayExtractItself(opened.types) ? .carried : .whole
            HiddenArchives.read(
                content, isText: isText, streams: isStore || opened.types.isEmpty ? .stored : streams,
                from: ArchiveEnd.ofPicture(content, opened.types),
                withDisks: !opened.types.contains { $0.opening == .unsupported }, into: receiver)
        }
        if !budget.isOver, receiver.level <= limits.levels, opened.types.contains(where: \.opening.isArchive) {
            receiver.isEmbedded = true
            let items = receiver.items
            StrayArchives.read(
                content, besides: covered, as: opened.types,
                leaving: receiver.problems.isEmpty ? WeakCompression(opened.types) : nil, into: receiver
            ) { use in
                for item in items where item.hasContent {
                    guard withContent(of: item, use) == true else { return }
                }
            }
        }
        if !budget.isOver, receiver.level <= limits.levels, let (end, what) = Self.end(content, opened.types) {
            receiver.isEmbedded = true
            ArchiveEnd.addRest(of: content, from: end, what, into: receiver)
        }
        var items = receiver.items
        if let zip = opened.types.firstIndex(of: .zip), let kind = kindOfPackage(items) {
            opened.types[zip] = kind
        } else {
            // Texts of a document are for its program: what they tell, nobody reads beside its other files.
            keepTexts(of: &items, isMail: opened.types.contains(.mail))
        }
        opened.isPiece = isPiece && Self.isCutOnly(receiver.problems, opened.types)
        if opened.isPiece { for index in receiver.ends { items[index].isEndOfPiece = true } }
        queue += items
        opened.problems = receiver.problems.map { problem in
            problem.kind == .cut ? ContainerProblem(opened.isPiece ? .note : .corrupt, problem.detail) : problem
        }
        opened.facts = receiver.facts
        opened.limits = budget.hits.filter { !hitsBefore.contains($0) }
        opened.isCut = budget.isOver || !opened.limits.isEmpty || receiver.level > limits.levels
        // A program may be an installer besides, which libclamav alone takes apart.
        opened.isComplete =
            opened.types.contains { $0.opening.isArchive } && opened.types.allSatisfy(\.opening.isReadable)
            && !opened.isCut
            && receiver.problems.allSatisfy { $0.kind == .note }
            && !receiver.items.contains { $0.member.flags.contains(.slack) }
        if holdsPieces || flags.contains(.quoted) {
            opened.problems = Self.notes(
                of: opened.problems, in: opened.types, arePieces: holdsPieces, isQuoted: flags.contains(.quoted),
                isResembling: flags.contains(.resembling))
        }
        if let failure = receiver.failure { workspaceFailure = failure }
        return opened
    }

    /// All passwords that are known by now.
    private func passwords() -> Passwords {
        if let allPasswords, !texts.isWaiting { return allPasswords }
        let message = messagePasswords
        if message.limit > 0 {
            readTexts(limit: message.limit)
            if allPasswords == nil { lookAhead(limit: message.limit) }
        }
        let all = texts.added(to: message)
        allPasswords = all
        return all
    }

    /// What is missing of a content is behind its end, or nobody knows what it is: a piece looks so. Damage within is damage whatever
    /// its name is.
    private static func isCutOnly(_ problems: [ContainerProblem], _ types: [FileType]) -> Bool {
        types.isEmpty || problems.contains { $0.kind == .cut } && !problems.contains { $0.kind == .corrupt }
    }

    /// Of what is quoted, what cannot be read is no damage; odd structures are none either where a piece is missing.
    /// - Parameters:
    ///   - types: of the content, which have no reader if it is not quoted itself.
    ///   - isResembling: what nobody can read may be another archive than the member that begins so.
    private static func notes(
        of problems: [ContainerProblem], in types: [FileType], arePieces: Bool, isQuoted: Bool, isResembling: Bool
    ) -> [ContainerProblem] {
        let unread = isQuoted ? [] : types.filter { $0.opening == .unsupported }.map(\.title)
        let isPiece = arePieces || problems.contains { $0.kind == .corrupt || $0.kind == .unsupported }
        return problems.map { problem in
            switch problem.kind {
            case .unsupported where isResembling || unread.contains(problem.detail): problem
            case .corrupt, .unsupported: ContainerProblem(.note, problem.detail)
            case .ambiguous where isPiece: ContainerProblem(.note, problem.detail)
            default: problem
            }
        }
    }

    /// The next member; nil when there is none. Its content is kept until it is given to `release`.
    package func next() -> Item? {
        guard head < queue.count else {
            queue.removeAll()
            head = 0
            return nil
        }
        defer { head += 1 }
        return queue[head]
    }

    /// Lends the content of a member; nil when it cannot be read back.
    package func withContent<Result>(of item: Item, _ use: (Span<UInt8>) -> Result) -> Result? {
        withContent(of: item.content, use)
    }

    func withContent<Result>(of content: ContentStore.Stored, _ use: (Span<UInt8>) -> Result) -> Result? {
        do throws(SystemError) {
            return try store.withContent(content, use)
        } catch {
            workspaceFailure = error
            return nil
        }
    }

    /// Frees a member's memory, unless what it may tell is still to be read.
    package func release(_ item: Item) {
        if !item.isKept { store.release(item.content) }
        // The queue holds a reference of its own.
        if head > 0, queue.indices.contains(head - 1) { queue[head - 1] = Item.empty }
    }

    /// Limits that were reached so far.
    package var limitsHit: [UnpackingLimit] { budget.hits }

    /// What kind of file a zip archive with these members is.
    private func kindOfPackage(_ items: [Item]) -> FileType? {
        let names = items.flatMap(\.member.names)
        let mimetype = items.first { $0.member.names.contains(Array("mimetype".utf8)) }
        guard let mimetype, mimetype.hasContent else { return FileType.package(names: names, mimetype: Span()) }
        return withContent(of: mimetype) { FileType.package(names: names, mimetype: $0) } ?? nil
    }

    /// Returns what became content of members, where the reader tells.
    private func read(
        _ content: Span<UInt8>, _ type: FileType, _ signs: TextSigns, _ item: Item?, _ receiver: MemberReceiver
    ) -> Coverage? {
        switch type.opening {
        case .zip:
            return ZipReader.read(
                content, passwords: supply, keys: keys,
                isStorageStream: item?.member.flags.contains(.storageStream) == true,
                mayBeInPieces: receiver.holdsPieces, into: receiver)
        case .gzip: GzipReader.read(content, into: receiver)
        case .arj: ArjReader.read(content, into: receiver)
        case .arc: ArcReader.read(content, into: receiver)
        case .zoo: ZooReader.read(content, into: receiver)
        case .szdd: SZDDReader.read(content, into: receiver)
        case .cabinet: CabinetReader.read(content, into: receiver)
        case .udf: UDFReader.read(content, into: receiver)
        case .disk(let format): DiskReader.read(content, format, into: receiver)
        case .sparseImage: return SparseImage.read(content, into: receiver)
        case .mail: MessageReader.read(content, limits: messageLimits, into: receiver)
        case .mbox: MessageReader.readMailbox(content, into: receiver)
        case .encodedText: TextReader.read(content, signs, into: receiver)
        case .archive(.sevenZip)
        where SevenZipReader.read(content, passwords: supply, keys: keys, into: receiver): break
        case .archive(let format) where format == .rar || format == .rar5:
            let listing = RarListing(content, format, while: { receiver.mayGoOn() })
            keepComment(of: listing, content, format, receiver)
            if !RarDecryption.read(content, format, passwords: supply, keys: keys, into: receiver) {
                ArchiveReader.read(content, format, rar: listing, into: receiver)
            }
        case .archive(let format): ArchiveReader.read(content, format, into: receiver)
        case .filter(let filter): FilterReader.read(content, filter, into: receiver)
        case .program, .plain, .unsupported, .document: break
        }
        return nil
    }

    /// Reads content as every kind of document that it looks like.
    private func readDocument(
        _ content: Span<UInt8>, _ types: [FileType], _ signs: TextSigns, namedPage: NamedPage?,
        _ receiver: MemberReceiver
    ) {
        // What is written out in mail is written out in one of its parts; programs that go by the name see a page.
        let isMail = namedPage == nil && (types.contains(.mail) || types.contains(.mbox))
        let mayBePage = namedPage != nil || Self.mayBePage(types)
        for format in DocumentFormat.all
        where !(isMail && format.isText)
            && (format.matches(content, signs: signs)
                || mayBePage && format.matchesAsPage(content, namedPage: namedPage))
        {
            guard !budget.isOver else { return }
            guard receiver.level <= limits.levels else {
                // Plain text holds files by way of exception only.
                if !types.contains(.text) { budget.hit(.levels) }
                return
            }
            receiver.isEmbedded = true
            format.read(
                content, options: DocumentOptions(passwords: supply, keys: keys, namedPage: namedPage, signs: signs),
                sink: receiver
            )
        }
    }
}

extension Unpacker.Item {
    fileprivate static let empty = Unpacker.Item(
        member: Member(), container: 0, number: 0, level: 0, isEmbedded: false, content: .none)
}
