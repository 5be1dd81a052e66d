internal import Compression
internal import Members

/// One document's way to the sink: counts against the limits, and says each over-limit once.
final class Extraction {
    let options: DocumentOptions
    private let sink: any DocumentSink
    private var facts: Set<DocumentFact> = []
    private var decodedLeft: Int
    private var itemsLeft: Int
    /// Octets that the member which was begun may still have.
    private var memberLeft = 0
    private var problems: Set<ContainerProblem> = []
    /// A limit or the budget was reached: the reader returns.
    private(set) var isStopped = false

    /// - Parameter size: octets of the document.
    init(_ options: DocumentOptions, _ sink: any DocumentSink, size: Int) {
        self.options = options
        self.sink = sink
        let limits = options.limits
        let (expanded, isOver) = size.multipliedReportingOverflow(by: limits.expansion)
        decodedLeft = isOver ? limits.decodedOctets : min(limits.decodedOctets, max(1 << 20, expanded))
        itemsLeft = limits.items
    }

    var limits: DocumentLimits { options.limits }

    /// Octets that the next decoded member may have.
    var room: Int { max(0, min(limits.memberOctets, decodedLeft, sink.room)) }

    /// The same for what has to be in memory as a whole.
    var bufferRoom: Int { min(room, limits.bufferedOctets) }

    /// Octets were decoded.
    func charge(_ octets: Int) {
        decodedLeft -= min(octets, decodedLeft)
    }

    /// One more directory entry, object or record is looked at. False, and a problem, over the limit.
    func countItem() -> Bool {
        guard !isStopped else { return false }
        guard itemsLeft > 0 else {
            stop(.items)
            return false
        }
        itemsLeft -= 1
        // The sink looks at the clock.
        if itemsLeft & 0x3FF == 0, !sink.mayGoOn() { isStopped = true }
        return !isStopped
    }

    /// Octets were decoded that are not yet part of a member. Looks at the clock.
    /// - Returns: how many of them are within the limit; with fewer than all of them, a problem.
    func takeDecoded(_ octets: Int) -> Int {
        guard !isStopped else { return 0 }
        let taken = min(octets, decodedLeft)
        decodedLeft -= taken
        if !sink.mayGoOn() { isStopped = true }
        if taken < octets { problem(.octets) }
        return taken
    }

    /// Hands on a member with content of its own, unless it is empty. False when the reader must stop.
    @discardableResult
    func member(_ role: DocumentRole, names: [[UInt8]] = [], _ content: Span<UInt8>) -> Bool {
        guard content.count > 0 || !names.isEmpty, !isStopped else { return !isStopped }
        if begin(role, names: names) { append(content) }
        end()
        return !isStopped
    }

    /// Begins a member whose content comes in pieces. False when the reader must stop.
    func begin(_ role: DocumentRole, names: [[UInt8]] = []) -> Bool {
        guard !isStopped else { return false }
        memberLeft = limits.memberOctets
        if !sink.begin(member(role, names)) { isStopped = true }
        return !isStopped
    }

    /// The next octets of the member that was begun; nothing where the reader must stop.
    func append(_ content: Span<UInt8>) {
        var at = 0
        let end = min(content.count, memberLeft)
        while !isStopped, at < end {
            let piece = at..<min(end, at + Self.pieceSize)
            if !sink.append(content.extracting(piece)) { isStopped = true }
            at = piece.upperBound
        }
        memberLeft -= end
        if end < content.count, !isStopped { stop(.octets) }
    }

    /// Ends the member that was begun.
    func end() { sink.end() }

    private static let pieceSize = 65_536

    /// Hands on what `input` inflates to (RFC 1950), piece by piece.
    /// - Parameters:
    ///   - stated: octets that the document says; where they have come a missing checksum is no damage.
    ///   - what: what it is, for a report of damage.
    func inflatedMember(
        _ role: DocumentRole, names: [[UInt8]] = [], _ input: Span<UInt8>, stated: Int?, _ what: String
    ) {
        guard !isStopped else { return }
        guard sink.begin(member(role, names)) else {
            sink.end()
            isStopped = true
            return
        }
        let result = Inflate.pieces(input, form: .zlib, limit: room) { sink.append($0) }
        sink.end()
        charge(result.produced)
        switch result.end {
        case .complete: break
        case .stopped: isStopped = true
        case .limit: stop(.octets)
        case .truncated, .corrupt:
            if result.produced != stated { problem(.corrupt, what) }
        }
    }

    /// Hands on a member that is a part of the document as it stands.
    @discardableResult
    func member(_ role: DocumentRole, names: [[UInt8]] = [], range: Range<Int>) -> Bool {
        guard !range.isEmpty || !names.isEmpty, !isStopped else { return !isStopped }
        if !sink.add(member(role, names), range: range) { isStopped = true }
        return !isStopped
    }

    /// Hands on the name of a member that cannot be decrypted.
    @discardableResult
    func encryptedMember(names: [[UInt8]]) -> Bool {
        problem(.encrypted, "embedded file")
        guard !isStopped else { return false }
        var member = member(.file, names)
        member.flags.insert(.encrypted)
        if !sink.add(member) { isStopped = true }
        return !isStopped
    }

    private func member(_ role: DocumentRole, _ names: [[UInt8]]) -> Member {
        var different: [[UInt8]] = []
        for name in names where !name.isEmpty && !different.contains(name) { different.append(name) }
        return Member(names: different, flags: role.flags, role: role.text)
    }

    /// Each fact is told once.
    func fact(_ kind: DocumentFact.Kind, _ text: [UInt8] = []) {
        let fact = DocumentFact(kind, Array(text.prefix(limits.factOctets)))
        guard !facts.contains(fact) else { return }
        guard facts.count < limits.facts else {
            problem(.note, "more facts than are told")
            return
        }
        facts.insert(fact)
        sink.add(fact)
    }

    /// The document was opened with a password that has to be known.
    func opened(with source: Passwords.Source) {
        fact(.password)
        sink.report(openedWith: source)
    }

    /// Notes that passwords were left that could not be tried.
    func report(_ passwords: PasswordTries) {
        if passwords.isSpent { problem(.note, ContainerLimit.passwordKeys.rawValue) }
    }

    /// Each problem is reported once.
    func problem(_ kind: ContainerProblem.Kind, _ detail: String) {
        report(ContainerProblem(kind, detail))
    }

    /// A limit was reached, and reading goes on without what is beyond it. Reported once.
    func problem(_ limit: ContainerLimit) {
        report(ContainerProblem(limit))
    }

    private func report(_ problem: ContainerProblem) {
        if problems.insert(problem).inserted { sink.report(problem) }
    }

    /// A limit was reached: nothing more is read.
    func stop(_ limit: ContainerLimit) {
        problem(limit)
        isStopped = true
    }
}
