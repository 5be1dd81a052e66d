internal import Bytes

/// The texts of one message that a person sees, one behind the other: they share the places of words, and one in two parts has
/// those that it would have in one (attack: words of honest mail in a part of their own, before that of a spam). Of more than
/// counts the beginning and the end are kept.
struct ShownText: Sendable {
    /// Octets of text whose words count, of a message.
    private static let size = 65_536
    private var beginning: [UInt8] = []
    private var end: [UInt8] = []

    mutating func add(_ text: Span<UInt8>) {
        guard text.count > 0 else { return }
        if !beginning.isEmpty { append([0x0A].span) }
        append(text)
        // Not each time, or many small texts would move it as often.
        if end.count > Self.size { keepEnd() }
    }

    private mutating func append(_ text: Span<UInt8>) {
        let room = min(text.count, Self.size / 2 - beginning.count)
        text.extracting(0..<room).withUnsafeBufferPointer { beginning.append(contentsOf: $0) }
        text.extracting(room..<text.count).withUnsafeBufferPointer { end.append(contentsOf: $0) }
    }

    private mutating func keepEnd() {
        guard end.count > Self.size / 2 else { return }
        end.removeFirst(end.count - Self.size / 2)
        // What is left out parts two words.
        end[0] = 0x0A
    }

    /// The text, and none behind it.
    mutating func take() -> [UInt8] {
        keepEnd()
        defer { self = ShownText() }
        return beginning + end
    }
}
