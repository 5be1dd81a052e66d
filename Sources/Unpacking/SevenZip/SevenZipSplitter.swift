internal import Bytes
internal import Compression
internal import Members

/// Cuts what a folder decodes to into its members.
struct SevenZipSplitter {
    private let sink: any MemberSink
    private var members: ArraySlice<Member>
    private var streams: ArraySlice<SevenZipHeader.Stream>
    /// The member that is being handed out.
    private var current: PendingMember?
    private var left = 0
    private var sum: UInt32 = 0
    private var expected: UInt32?
    private(set) var hasWrongChecksum = false
    /// There was less than the members have.
    private(set) var isShort = false
    private(set) var isStopped = false

    init(_ sink: any MemberSink, _ members: [Member], _ streams: [SevenZipHeader.Stream]) {
        self.sink = sink
        self.members = members[...]
        self.streams = streams[...]
    }

    /// The next octets; false when the sink wants no more.
    mutating func append(_ piece: Span<UInt8>) -> Bool {
        var position = 0
        while position < piece.count {
            guard current != nil || begin() else { return !isStopped }
            let part = piece.extracting(piece.clamped(position, left))
            position += part.count
            left -= part.count
            sum = crc32(part, seed: sum)
            if current?.append(part) == false { isStopped = true }
            if left == 0 { end(isRead: true) }
            guard !isStopped else { return false }
        }
        return true
    }

    /// Nothing more comes: what was begun ends, and what was not is told without content.
    mutating func finish() {
        isShort = current != nil || streams.contains { $0.size > 0 }
        if current != nil { end(isRead: false) }
        while !isStopped, let stream = streams.popFirst() {
            start(stream)
            end(isRead: stream.size == 0)
        }
        for member in members where !isStopped { isStopped = !sink.add(member) }
    }

    /// Begins the next member that is not empty; false when there is none, or the sink wants no more.
    private mutating func begin() -> Bool {
        while !isStopped, let stream = streams.popFirst() {
            start(stream)
            if left > 0 { return true }
            end(isRead: true)
        }
        return false
    }

    private mutating func start(_ stream: SevenZipHeader.Stream) {
        // A stream that no file has is content all the same.
        current = PendingMember(members.popFirst() ?? Member(flags: .slack, role: "stream without a name"), sink)
        left = stream.size
        sum = 0
        expected = stream.checksum
    }

    private mutating func end(isRead: Bool) {
        guard let member = current else { return }
        current = nil
        if isRead, let expected, expected != sum { hasWrongChecksum = true }
        if !member.end(isRead: isRead) { isStopped = true }
    }
}
