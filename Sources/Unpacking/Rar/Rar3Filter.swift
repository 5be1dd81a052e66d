/// What the compressor of RAR 2.9 to 4 did to blocks of some kinds of data before it compressed them, undone. An archive has it
/// as a program for a machine of RAR's own; all compressors write one of a few, and no other is run here.
enum Rar3Filter: CaseIterable {
    case calls
    case callsAndJumps
    case itanium
    case delta
    case picture
    case sound

    /// Size and CRC-32 of the program.
    private var program: (size: Int, checksum: UInt32) {
        switch self {
        case .calls: (53, 0xAD57_6887)
        case .callsAndJumps: (57, 0x3CD7_E57E)
        case .itanium: (120, 0x3769_893F)
        case .delta: (29, 0x0E06_077D)
        case .picture: (149, 0x1C2C_5DC8)
        case .sound: (216, 0xBC85_E701)
        }
    }

    /// nil for a program that is unknown.
    init?(size: Int, checksum: UInt32) {
        guard let filter = Self.allCases.first(where: { $0.program == (size, checksum) }) else { return nil }
        self = filter
    }

    /// The block as it was.
    /// - Parameters:
    ///   - registers: what the machine begins with: channels or the width of a line, and the place of an octet.
    ///   - position: of the block in the file.
    func undone(_ block: [UInt8], registers: [Int], position: Int) -> [UInt8] {
        switch self {
        case .calls: Self.undoCalls(block, position, alsoJumps: false)
        case .callsAndJumps: Self.undoCalls(block, position, alsoJumps: true)
        case .itanium: Self.undoItanium(block, position)
        case .delta: Self.undoDelta(block, channels: registers[0])
        case .picture: Self.undoPicture(block, width: registers[0], first: registers[1])
        case .sound: Self.undoSound(block, channels: registers[0])
        }
    }

    /// Targets of calls, which were made absolute within 16 MiB.
    private static func undoCalls(_ block: [UInt8], _ position: Int, alsoJumps: Bool) -> [UInt8] {
        var out = block
        let whole: UInt32 = 1 << 24
        var place = 0
        while place + 4 < out.count {
            let code = out[place]
            place += 1
            guard code == 0xE8 || (alsoJumps && code == 0xE9) else { continue }
            let offset = UInt32(truncatingIfNeeded: position + place)
            let target = (0..<4).reduce(UInt32(0)) { $0 | UInt32(out[place + $1]) << UInt32($1 * 8) }
            var value = target
            if target >= 1 << 31 {
                if target &+ offset < 1 << 31 { value = target &+ whole }
            } else if target < whole {
                value = target &- offset
            }
            for index in 0..<4 { out[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
            place += 4
        }
        return out
    }

    /// Units of the slots of a bundle of instructions that may hold a branch, by its template.
    private static let branches: [UInt8] = [4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0]

    private static func undoItanium(_ block: [UInt8], _ position: Int) -> [UInt8] {
        var out = block
        var bundle = position >> 4
        var start = 0
        func bits(_ at: Int, _ count: Int) -> Int {
            let first = start + at / 8
            let word = (0..<4).reduce(0) { $0 | Int(out[first + $1]) << ($1 * 8) }
            return word >> (at % 8) & (1 << count - 1)
        }
        while start + 21 < out.count {
            let template = Int(out[start] & 0x1F) - 0x10
            let slots = template >= 0 ? branches[template] : 0
            for slot in 0..<3 where slots >> UInt8(slot) & 1 != 0 {
                let at = slot * 41 + 5
                guard bits(at + 37, 4) == 5 else { continue }
                let target = (bits(at + 13, 20) - bundle) & 0xF_FFFF
                for index in 0..<20 {
                    let place = at + 13 + index
                    let mask = UInt8(1) << UInt8(place % 8)
                    if target >> index & 1 != 0 {
                        out[start + place / 8] |= mask
                    } else {
                        out[start + place / 8] &= ~mask
                    }
                }
            }
            start += 16
            bundle += 1
        }
        return out
    }

    /// Octets of each channel one behind the other, as differences.
    private static func undoDelta(_ block: [UInt8], channels: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: block.count)
        guard channels > 0 else { return block }
        var source = 0
        for channel in 0..<min(channels, block.count) {
            var value: UInt8 = 0
            for place in stride(from: channel, to: block.count, by: channels) {
                value &-= block[source]
                source += 1
                out[place] = value
            }
        }
        return out
    }

    /// Pixels of three octets, each as a difference to what its neighbours let expect.
    private static func undoPicture(_ block: [UInt8], width: Int, first: Int) -> [UInt8] {
        let count = block.count
        guard width >= 3, width <= count, first >= 0, first <= 2 else { return block }
        var out = [UInt8](repeating: 0, count: count)
        var source = 0
        for channel in 0..<min(3, count) {
            var left = 0
            for place in stride(from: channel, to: count, by: 3) {
                // The line above has the pixel one further on.
                let corner = place - width
                let expected = corner < 0 ? left : nearest(left, Int(out[corner + 3]), Int(out[corner]))
                left = (expected - Int(block[source])) & 0xFF
                source += 1
                out[place] = UInt8(left)
            }
        }
        for place in stride(from: first, to: count - 2, by: 3) {
            out[place] &+= out[place + 1]
            out[place + 2] &+= out[place + 1]
        }
        return out
    }

    /// The one of three that is nearest to what they let expect together (as in PNG, section 9.4).
    private static func nearest(_ left: Int, _ above: Int, _ corner: Int) -> Int {
        let expected = left + above - corner
        let (toLeft, toAbove, toCorner) = (abs(expected - left), abs(expected - above), abs(expected - corner))
        if toLeft <= toAbove, toLeft <= toCorner { return left }
        return toAbove <= toCorner ? above : corner
    }

    /// Samples of each channel one behind the other, as differences to what those before let expect.
    private static func undoSound(_ block: [UInt8], channels: Int) -> [UInt8] {
        guard channels > 0 else { return block }
        var out = [UInt8](repeating: 0, count: block.count)
        var source = 0
        for channel in 0..<min(channels, block.count) {
            var weights = [0, 0, 0]
            var steps = [0, 0, 0]
            var lastStep = 0
            var last = 0
            var errors = [Int](repeating: 0, count: 7)
            var count = 0
            for place in stride(from: channel, to: block.count, by: channels) {
                let delta = Int(Int8(bitPattern: block[source]))
                source += 1
                steps[2] = steps[1]
                steps[1] = lastStep - steps[0]
                steps[0] = lastStep
                let sum = 8 * last + weights[0] * steps[0] + weights[1] * steps[1] + weights[2] * steps[2]
                let value = (sum >> 3 - delta) & 0xFF
                lastStep = Int(Int8(truncatingIfNeeded: value - last))
                last = value
                out[place] = UInt8(value)
                let error = delta << 3
                errors[0] += abs(error)
                for index in 0..<3 {
                    errors[index * 2 + 1] += abs(error - steps[index])
                    errors[index * 2 + 2] += abs(error + steps[index])
                }
                if count & 0x1F == 0 {
                    let best = errors.indices.min { errors[$0] < errors[$1] } ?? 0
                    for index in errors.indices { errors[index] = 0 }
                    if best > 0 {
                        let index = (best - 1) / 2
                        if best % 2 == 1, weights[index] >= -16 { weights[index] -= 1 }
                        if best % 2 == 0, weights[index] < 16 { weights[index] += 1 }
                    }
                }
                count += 1
            }
        }
        return out
    }
}
