internal import Bytes
internal import Documents
internal import Linux
internal import Members

/// Takes the members of one container, charges them to the message's budget and keeps their content.
final class MemberReceiver: DocumentSink {
    private let budget: Budget
    private let store: ContentStore
    private let container: Int
    /// The container itself, which outlives this object: ranges are cut from it.
    private let content: UnsafeBufferPointer<UInt8>
    private let ratio: Int
    /// Where the container's own content lies: members that are ranges of the workspace file need no copy.
    private let parent: ContentStore.Stored
    let limits: ContainerLimits
    /// Containers around the members.
    let level: Int
    /// Members come from a document rather than an archive.
    var isEmbedded = false
    /// The container stores its members in pieces: they are quoted as well.
    var isStore = false
    /// The container itself is quoted, and so is what is in it.
    private let isQuoted: Bool
    /// Parts of the container's octets may be missing or have others between them.
    var holdsPieces: Bool { isStore || isQuoted }
    /// The container itself resembles a member beside it.
    private let isResembling: Bool
    /// The container itself was encrypted, and so was what is in it.
    private let isDecrypted: Bool
    /// A guessed password opened what is in it.
    private let isGuessed: Bool
    /// The container is a script: what it has written out it makes files of.
    private let isScript: Bool
    private(set) var items: [Unpacker.Item] = []
    private(set) var problems: [ContainerProblem] = []
    private(set) var facts: [DocumentFact] = []
    /// Places in `items` of those that go as far as the container does.
    private(set) var ends: Set<Int> = []
    /// Why the workspace could not be written.
    private(set) var failure: SystemError?
    private var current: Member?
    private var produced = 0
    private var count = 0

    /// Different problems of one container that are told.
    private static let mostProblems = 32

    init(
        _ budget: Budget, _ store: ContentStore, container: Int, content: UnsafeBufferPointer<UInt8>, level: Int,
        limits: UnpackingLimits, parent: ContentStore.Stored, flags: MemberFlags, isScript: Bool
    ) {
        self.budget = budget
        self.store = store
        self.container = container
        self.content = content
        self.level = level
        self.limits = limits.containers
        ratio = limits.ratio
        self.parent = parent
        isQuoted = flags.contains(.quoted)
        isResembling = flags.contains(.resembling)
        isDecrypted = flags.contains(.decrypted)
        isGuessed = flags.contains(.guessedMembers)
        self.isScript = isScript
    }

    var room: Int { budget.isOver ? 0 : budget.bytesLeft }

    func mayGoOn() -> Bool { budget.mayGoOn() }

    func report(_ problem: ContainerProblem) {
        if problems.count < Self.mostProblems, !problems.contains(problem) { problems.append(problem) }
    }

    /// A reader came to its end. Where the container is cut off, so are the last member and what all of it decompresses to.
    func noteEnds() {
        guard problems.contains(where: { $0.kind == .cut }) else { return }
        for (index, item) in items.enumerated() where item.member.role == Member.decompressed { ends.insert(index) }
        if let last = items.lastIndex(where: { $0.hasContent && !$0.member.flags.contains(.slack) }) {
            ends.insert(last)
        }
    }

    func add(_ fact: DocumentFact) {
        facts.append(fact)
    }

    func add(_ member: Member) -> Bool {
        guard budget.take(member) else { return false }
        put(member, .none)
        return true
    }

    func add(_ member: Member, range: Range<Int>) -> Bool {
        guard budget.take(member) else { return false }
        let range = range.clamped(to: 0..<content.count)
        let taken = charge(range.count)
        let kept = range.lowerBound..<range.lowerBound + taken
        if case .file(let whole) = parent {
            put(member, .file(whole.lowerBound + kept.lowerBound..<whole.lowerBound + kept.upperBound))
        } else {
            let outcome = store.append(UnsafeBufferPointer(rebasing: content[kept]).span)
            put(member, store.finish())
            guard accept(outcome) else { return false }
        }
        if range.upperBound == content.count { ends.insert(items.count - 1) }
        return taken == range.count
    }

    func add(_ member: Member, content: [UInt8]) -> Bool {
        guard budget.take(member) else { return false }
        let taken = charge(content.count)
        let (stored, outcome) = store.keep(taken == content.count ? content : Array(content[..<taken]))
        put(member, stored)
        return accept(outcome) && taken == content.count
    }

    func begin(_ member: Member) -> Bool {
        guard budget.take(member) else { return false }
        current = member
        return true
    }

    func append(_ piece: Span<UInt8>) -> Bool {
        guard budget.mayGoOn() else { return false }
        let taken = charge(piece.count)
        guard accept(store.append(piece.extracting(0..<taken))) else { return false }
        return taken == piece.count && !budget.isOver
    }

    func end() {
        guard let member = current else { return }
        current = nil
        put(member, store.finish())
    }

    func spend(_ octets: Int) { _ = budget.takeBytes(octets) }

    private func put(_ member: Member, _ content: ContentStore.Stored) {
        count += 1
        var member = member
        if isDecrypted { member.flags.insert(.decrypted) }
        if isGuessed { member.flags.insert(.guessed) }
        if isResembling { member.flags.insert(.resembling) }
        if isQuoted || isStore {
            member.flags.insert(.quoted)
        } else if isScript {
            member.flags.remove(.quoted)
        }
        items.append(
            Unpacker.Item(
                member: member, container: container, number: count, level: level, isEmbedded: isEmbedded,
                content: content))
    }

    /// Takes octets from the budget; returns how many there were.
    private func charge(_ octets: Int) -> Int {
        let taken = budget.takeBytes(octets)
        produced += taken
        if produced > UnpackingLimits.ratioFloor, produced / max(1, content.count) > ratio { budget.hit(.ratio) }
        return taken
    }

    private func accept(_ outcome: ContentStore.Outcome) -> Bool {
        switch outcome {
        case .kept: return true
        case .limit: budget.hit(.workspace)
        case .failed(let error):
            // No limit of ours: what is told is that the workspace is full.
            failure = error
            budget.stop()
        }
        return false
    }
}
