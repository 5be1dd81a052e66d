internal import Members

/// A member that begins with the first octets of its content: one that cannot be decoded at all has no content, rather than
/// an empty one, which would be a statement about it.
final class PendingMember {
    private let member: Member
    private let sink: any MemberSink
    private var isBegun = false

    init(_ member: Member, _ sink: any MemberSink) {
        self.member = member
        self.sink = sink
    }

    /// The next octets of the content; false when the sink wants no more.
    func append(_ piece: Span<UInt8>) -> Bool {
        if !isBegun {
            guard sink.begin(member) else { return false }
            isBegun = true
        }
        return sink.append(piece)
    }

    /// Ends the member. Returns false when the sink wants no more.
    /// - Parameter isRead: its content was read, and is empty where nothing came.
    func end(isRead: Bool) -> Bool {
        if !isBegun {
            guard isRead else { return sink.add(member) }
            guard sink.begin(member) else { return false }
        }
        sink.end()
        return true
    }
}
