internal import Documents
internal import Members

/// One document as every format that it looks like, with limits that are wide and with such that are reached at once.
enum DocumentFuzzing {
    static func violations(_ document: [UInt8]) -> [String] {
        var wide = DocumentLimits()
        wide.memberOctets = 4_194_304
        wide.bufferedOctets = 1_048_576
        wide.decodedOctets = 8_388_608
        wide.items = 20_000
        wide.passwordRounds = 2_000
        var narrow = wide
        narrow.memberOctets = 40
        narrow.bufferedOctets = 400
        narrow.decodedOctets = 500
        narrow.facts = 2
        narrow.factOctets = 4
        narrow.items = 30
        narrow.depth = 3
        var wrong: [String] = []
        for format in DocumentFormat.all where format.matches(document.span) {
            for (limits, room, members) in [(wide, 16_777_216, 1000), (narrow, 16_777_216, 1000), (wide, 70, 2)] {
                let sink = StrictSink(document.count, limits, room: room, members: members)
                format.read(document.span, options: options(limits), sink: sink)
                sink.close()
                wrong += sink.wrong.map { "\(format.name): \($0)" }
            }
        }
        return wrong
    }

    private static func options(_ limits: DocumentLimits) -> DocumentOptions {
        DocumentOptions(
            limits: limits,
            passwords: {
                var passwords = Passwords(limit: 4)
                passwords.add(Array("password".utf8), .site)
                return passwords
            })
    }
}

/// A sink that holds a reader to what the protocol says.
private final class StrictSink: DocumentSink {
    /// Calls behind one that was refused: a reader returns, over some levels.
    private static let patience = 8

    let limits = ContainerLimits(dictionary: 8_388_608, buffer: 8_388_608)
    private(set) var wrong: [String] = []
    private(set) var room: Int
    private let size: Int
    private let bounds: DocumentLimits
    private var membersLeft: Int
    private var isOpen = false
    private var memberOctets = 0
    private var refusals = 0
    private var facts = 0
    private var problems: [ContainerProblem] = []

    init(_ size: Int, _ bounds: DocumentLimits, room: Int, members: Int) {
        self.size = size
        self.bounds = bounds
        self.room = room
        membersLeft = members
    }

    func add(_ member: Member, range: Range<Int>) -> Bool {
        if range.lowerBound < 0 || range.upperBound > size { wrong.append("member outside: \(range)") }
        return take() && spent(range.count)
    }

    func add(_ member: Member, content: [UInt8]) -> Bool { take() && spent(content.count) }

    func add(_ member: Member) -> Bool { take() }

    func begin(_ member: Member) -> Bool {
        guard take() else { return false }
        isOpen = true
        memberOctets = 0
        return true
    }

    func append(_ piece: Span<UInt8>) -> Bool {
        guard refusals == 0 else { return refuse() }
        if !isOpen { wrong.append("content of no member") }
        memberOctets += piece.count
        if memberOctets > bounds.memberOctets { wrong.append("member of \(memberOctets) octets") }
        return spent(piece.count)
    }

    func end() { isOpen = false }

    func spend(_ octets: Int) { room -= min(room, octets) }

    func mayGoOn() -> Bool { room > 0 && membersLeft > 0 }

    func report(_ problem: ContainerProblem) {
        if problem.detail.isEmpty { wrong.append("a problem without words") }
        if problems.contains(problem) { wrong.append("told twice: \(problem.detail)") }
        problems.append(problem)
    }

    func add(_ fact: DocumentFact) {
        facts += 1
        if facts > bounds.facts { wrong.append("\(facts) facts") }
        if fact.text.count > bounds.factOctets { wrong.append("\(fact.kind): \(fact.text.count) octets") }
    }

    func close() {
        if isOpen { wrong.append("a member without end") }
    }

    private func take() -> Bool {
        if isOpen { wrong.append("a member within another") }
        guard refusals == 0, membersLeft > 0 else { return refuse() }
        membersLeft -= 1
        return true
    }

    private func spent(_ octets: Int) -> Bool {
        guard octets <= room else {
            room = 0
            return refuse()
        }
        room -= octets
        return true
    }

    private func refuse() -> Bool {
        refusals += 1
        if refusals == Self.patience { wrong.append("goes on though it may not") }
        return false
    }
}
