/// A sink that keeps all members in memory: for tests, and to look at a container without a message around it.
package final class MemberCollector: MemberSink {
    /// One member with its content.
    package struct Item: Hashable, Sendable {
        package var member: Member
        /// nil for a member without content.
        package var content: [UInt8]?
    }

    package private(set) var items: [Item] = []
    package private(set) var problems: [ContainerProblem] = []
    package private(set) var room: Int
    private var membersLeft: Int
    private let container: [UInt8]
    package let limits: ContainerLimits

    /// - Parameters:
    ///   - container: what the reader reads; ranges are cut from it.
    ///   - room: octets that may be decoded.
    ///   - members: members that are taken.
    ///   - limits: of the reader.
    package init(
        _ container: [UInt8], room: Int = 1 << 30, members: Int = 100_000, limits: ContainerLimits = ContainerLimits()
    ) {
        self.limits = limits
        self.container = container
        self.room = room
        membersLeft = members
    }

    package func add(_ member: Member, range: Range<Int>) -> Bool {
        add(member, content: Array(container[range]))
    }

    package func add(_ member: Member, content: [UInt8]) -> Bool {
        guard begin(member) else { return false }
        return append(content.span)
    }

    package func add(_ member: Member) -> Bool {
        guard membersLeft > 0 else { return false }
        membersLeft -= 1
        items.append(Item(member: member, content: nil))
        return true
    }

    package func begin(_ member: Member) -> Bool {
        guard add(member) else { return false }
        items[items.count - 1].content = []
        return true
    }

    package func append(_ piece: Span<UInt8>) -> Bool {
        let taken = min(room, piece.count)
        room -= taken
        piece.extracting(0..<taken).withUnsafeBufferPointer { items[items.count - 1].content?.append(contentsOf: $0) }
        return taken == piece.count
    }

    package func end() {}

    package func spend(_ octets: Int) { room -= min(room, octets) }

    package func mayGoOn() -> Bool { room > 0 && membersLeft > 0 }

    package func report(_ problem: ContainerProblem) {
        if !problems.contains(problem) { problems.append(problem) }
    }
}
