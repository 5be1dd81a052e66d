/// LZO1X, as lzop writes it, after the description in the Linux kernel's documentation ("LZO stream format as understood by
/// Linux's LZO decompressor").
package enum LZO1X {
    /// Octets up to which a match of the second kind reaches back.
    private static let nearOffset = 0x0800
    private static let farOffset = 0x4000

    /// What a block decodes to; nil when it is damaged, or does not decode to exactly `size` octets.
    package static func decode(_ input: Span<UInt8>, size: Int) -> [UInt8]? {
        var decoder = Decoder(size: size)
        return decoder.run(input) ? decoder.output : nil
    }

    private struct Decoder {
        let size: Int
        private(set) var output: [UInt8] = []
        private var position = 0

        init(size: Int) {
            self.size = size
        }

        private mutating func octet(_ input: Span<UInt8>) -> Int? {
            guard position < input.count else { return nil }
            defer { position += 1 }
            return Int(input[position])
        }

        /// A length that goes on in further octets when its field is zero.
        private mutating func length(_ input: Span<UInt8>, _ field: Int, _ most: Int) -> Int? {
            guard field == 0 else { return field }
            var length = most
            while let next = octet(input) {
                length += next == 0 ? 255 : next
                if next != 0 { return length }
            }
            return nil
        }

        private mutating func copyLiterals(_ input: Span<UInt8>, _ count: Int) -> Bool {
            guard count <= input.count - position, count <= size - output.count else { return false }
            for index in position..<position + count { output.append(input[index]) }
            position += count
            return true
        }

        private mutating func copyMatch(_ distance: Int, _ count: Int) -> Bool {
            guard distance > 0, distance <= output.count, count <= size - output.count else { return false }
            for _ in 0..<count { output.append(output[output.count - distance]) }
            return true
        }

        /// What the last instruction copied, which the next one's meaning depends on.
        private enum State {
            /// No literals, up to three, and a run of them.
            case none, few, run
        }

        mutating func run(_ input: Span<UInt8>) -> Bool {
            output.reserveCapacity(size)
            var state = State.none
            if let first = input.count > 0 ? Int(input[0]) : nil, first > 17 {
                position = 1
                guard copyLiterals(input, first - 17) else { return false }
                state = first - 17 < 4 ? .few : .run
            }
            while let code = octet(input) {
                var distance: Int
                var count: Int
                // Its lowest bits say how many literals follow.
                var trailing = code
                switch code {
                case 64...:
                    guard let more = octet(input) else { return false }
                    (distance, count) = (1 + (code >> 2 & 7) + more << 3, (code >> 5) + 1)
                case 32...:
                    guard let long = length(input, code & 31, 31), let low = octet(input), let high = octet(input)
                    else { return false }
                    (distance, count, trailing) = (1 + low >> 2 + high << 6, long + 2, low)
                case 16...:
                    guard let long = length(input, code & 7, 7), let low = octet(input), let high = octet(input) else {
                        return false
                    }
                    distance = (code & 8) << 11 + low >> 2 + high << 6
                    // The end, which nothing stands behind.
                    if distance == 0 { return output.count == size && position == input.count }
                    distance += LZO1X.farOffset
                    (count, trailing) = (long + 2, low)
                default:
                    if state == .none {
                        guard let run = length(input, code, 15), copyLiterals(input, run + 3) else { return false }
                        state = .run
                        continue
                    }
                    guard let more = octet(input) else { return false }
                    distance = 1 + code >> 2 + more << 2
                    count = 2
                    if state == .run {
                        distance += LZO1X.nearOffset
                        count = 3
                    }
                }
                guard copyMatch(distance, count), copyLiterals(input, trailing & 3) else { return false }
                state = trailing & 3 == 0 ? .none : .few
            }
            return false
        }
    }
}
