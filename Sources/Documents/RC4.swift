/// The stream cipher RC4, which old Office and PDF documents use. OpenSSL no longer offers it by default.
struct RC4 {
    private var state = [UInt8](0...255)
    private var first: UInt8 = 0
    private var second: UInt8 = 0

    /// - Parameter key: 1 to 256 octets; an empty key leaves the initial state.
    init(key: [UInt8]) {
        guard !key.isEmpty else { return }
        var other: UInt8 = 0
        for index in 0..<256 {
            other = other &+ state[index] &+ key[index % key.count]
            state.swapAt(index, Int(other))
        }
    }

    /// The next octets of the key stream, combined with `bytes`.
    mutating func apply(_ bytes: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for index in 0..<bytes.count {
            first &+= 1
            second = second &+ state[Int(first)]
            state.swapAt(Int(first), Int(second))
            out.append(bytes[index] ^ state[Int(state[Int(first)] &+ state[Int(second)])])
        }
        return out
    }
}
