extension UnsafeMutableBufferPointer where Element: BitwiseCopyable {
    /// A copy of a list in memory that is not counted: counting references would cost more than the search in it. Whoever
    /// makes it deallocates it.
    static func copy(of list: [Element]) -> Self {
        let buffer = Self.allocate(capacity: list.count)
        _ = buffer.initialize(from: list)
        return buffer
    }
}

/// The forms of a text that is looked up (`LookAlikes`), and room for places in it. Grows with the longest text.
final class FoldedText {
    private var octets = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 0)
    /// As many as the text has octets, and one.
    private(set) var places = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 0)
    private(set) var count = 0

    deinit {
        octets.deallocate()
        places.deallocate()
    }

    var text: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: octets[0..<count]) }

    /// Takes a text.
    func fold(_ text: Span<UInt8>) {
        count = text.count
        if octets.count < count {
            let capacity = max(count, 2048)
            octets.deallocate()
            places.deallocate()
            octets = .allocate(capacity: capacity)
            octets.initialize(repeating: 0)
            places = .allocate(capacity: capacity + 1)
            places.initialize(repeating: 0)
        }
        let folded = octets
        text.withUnsafeBufferPointer { text in
            for index in 0..<text.count {
                folded[index] = LookAlikes.form(text[index])
            }
        }
    }
}
