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

    /// Octets before the first and behind the last that can be read, whatever they are.
    private static let margin = 8

    var text: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: octets[Self.margin..<(Self.margin &+ count)])
    }

    /// Eight octets as one number, the first lowest; what stands outside the text is not told.
    /// - Parameter place: no less than -8, and no more than the count of the text.
    @inline(__always)
    func eight(_ place: Int) -> UInt64 {
        UInt64(
            littleEndian: UnsafeRawBufferPointer(octets).loadUnaligned(
                fromByteOffset: place &+ Self.margin, as: UInt64.self))
    }

    @inline(__always)
    func octet(_ place: Int) -> UInt8 { octets[place &+ Self.margin] }

    /// A sequence of the text, one to four octets, packed with the first on top.
    @inline(__always)
    func gram(_ place: Int, length: Int) -> UInt32 {
        let four = UnsafeRawBufferPointer(octets).loadUnaligned(
            fromByteOffset: place &+ Self.margin, as: UInt32.self)
        return UInt32(bigEndian: four) &>> UInt32(truncatingIfNeeded: 32 &- 8 &* length)
    }

    /// Takes a text.
    func fold(_ text: Span<UInt8>) {
        count = text.count
        if octets.count < count + 2 * Self.margin {
            let capacity = max(count, 2048)
            octets.deallocate()
            places.deallocate()
            octets = .allocate(capacity: capacity + 2 * Self.margin)
            octets.initialize(repeating: 0)
            places = .allocate(capacity: capacity + 1)
            places.initialize(repeating: 0)
        }
        let folded = UnsafeMutableBufferPointer(rebasing: octets[Self.margin..<(Self.margin &+ count)])
        text.withUnsafeBufferPointer { text in
            for index in 0..<text.count {
                folded[index] = LookAlikes.form(text[index])
            }
        }
    }
}

/// Numbers of entries, in memory that is not counted and kept from text to text.
final class EntryList {
    private var memory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 64)
    private(set) var count = 0

    deinit { memory.deallocate() }

    subscript(_ index: Int) -> Int32 { memory[index] }

    func removeAll() { count = 0 }

    @inline(__always)
    func append(_ entry: Int32) {
        if count == memory.count { grow() }
        memory[count] = entry
        count &+= 1
    }

    private func grow() {
        let larger = UnsafeMutableBufferPointer<Int32>.allocate(capacity: memory.count * 2)
        _ = larger.initialize(from: memory)
        memory.deallocate()
        memory = larger
    }

    func sort() {
        if count > 1 { memory[0..<count].sort() }
    }
}
