internal import Bytes

/// Filters of 7z that libarchive lacks: those for programs of ARM64 and RISC-V, which 7-Zip adds by itself to such programs
/// (`Methods.txt` of the LZMA SDK; the xz file format, section 5.3.2), and the exchange of octets.
enum SevenZipFilter {
    case arm64
    case riscV
    /// Octets of what is turned round.
    case swap(Int)

    init?(_ method: [UInt8]) {
        switch method {
        case [0x0A]: self = .arm64
        case [0x0B]: self = .riscV
        case [2, 3, 2]: self = .swap(2)
        case [2, 3, 4]: self = .swap(4)
        default: return nil
        }
    }

    /// Undoes the filter.
    /// - Parameter properties: of the coder: where the program counter begins, 0 without.
    func decode(_ bytes: inout [UInt8], _ properties: [UInt8]) {
        let start = properties.span.littleEndian32(at: 0) ?? 0
        switch self {
        case .arm64: Self.decodeARM64(&bytes, start)
        case .riscV: Self.decodeRISCV(&bytes, start)
        case .swap(let size):
            for place in stride(from: 0, through: bytes.count - size, by: size) {
                bytes[place..<place + size].reverse()
            }
        }
    }

    // MARK: ARM64

    /// Addresses of BL and ADRP are absolute ones, those of ADRP within 512 MiB.
    private static func decodeARM64(_ bytes: inout [UInt8], _ start: UInt32) {
        for place in stride(from: 0, through: bytes.count - 4, by: 4) {
            let counter = start &+ UInt32(truncatingIfNeeded: place)
            let instruction = word(bytes, place)
            if instruction >> 26 == 0x25 {
                put(0x9400_0000 | (instruction &- counter >> 2) & 0x03FF_FFFF, &bytes, place)
            } else if instruction & 0x9F00_0000 == 0x9000_0000 {
                // Two low bits of the page stand apart from the others.
                let page = instruction >> 29 & 3 | instruction >> 3 & 0x001F_FFFC
                guard (page &+ 0x0002_0000) & 0x001C_0000 == 0 else { continue }
                let distance = page &- counter >> 12
                let sign: UInt32 = distance & 0x0002_0000 == 0 ? 0 : 0x00E0_0000
                put(
                    instruction & 0x9000_001F | (distance & 3) << 29 | (distance & 0x0003_FFFC) << 3 | sign, &bytes,
                    place)
            }
        }
    }

    // MARK: RISC-V

    private static let jal: UInt8 = 0xEF
    private static let auipc: UInt32 = 0x17
    /// The register that marks a pair which the filter has changed: no program computes the stack pointer like that.
    private static let mark: UInt32 = 2

    /// JAL to x1 and x5, and AUIPC with the instruction behind it, have absolute addresses with the high octet first.
    private static func decodeRISCV(_ bytes: inout [UInt8], _ start: UInt32) {
        var place = 0
        while place <= bytes.count - 8 {
            let counter = start &+ UInt32(truncatingIfNeeded: place)
            if bytes[place] == jal {
                guard bytes[place + 1] & 0x0D == 0 else {
                    place += 2
                    continue
                }
                decodeJump(&bytes, place, counter)
                place += 4
            } else if UInt32(bytes[place] & 0x7F) == auipc {
                place += decodePair(&bytes, place, counter)
            } else {
                place += 2
            }
        }
    }

    private static func decodeJump(_ bytes: inout [UInt8], _ place: Int, _ counter: UInt32) {
        let (first, second, third) = (UInt32(bytes[place + 1]), UInt32(bytes[place + 2]), UInt32(bytes[place + 3]))
        let distance = ((first & 0xF0) << 13 | second << 9 | third << 1) &- counter
        // Bits 20, 10 to 1, 11 and 19 to 12 of the distance, from the highest on (RISC-V ISA, section 2.5).
        bytes[place + 1] = UInt8(truncatingIfNeeded: first & 0x0F | distance >> 8 & 0xF0)
        bytes[place + 2] = UInt8(
            truncatingIfNeeded: distance >> 16 & 0x0F | distance >> 7 & 0x10 | distance << 4 & 0xE0)
        bytes[place + 3] = UInt8(truncatingIfNeeded: distance >> 4 & 0x7F | distance >> 13 & 0x80)
    }

    /// Returns how far to go on.
    private static func decodePair(_ bytes: inout [UInt8], _ place: Int, _ counter: UInt32) -> Int {
        let upper = word(bytes, place)
        let register = upper >> 7 & 0x1F
        guard register == 0 || register == mark else {
            // Not changed, but if it looks like a pair it stands for what looked like a changed one.
            let lower = word(bytes, place + 4)
            guard lower & 3 == 3, lower >> 15 & 0x1F == register else { return 6 }
            put(auipc | mark << 7 | lower << 12, &bytes, place)
            put(upper & 0xFFFF_F000 &+ lower >> 20, &bytes, place + 4)
            return 8
        }
        let target = upper >> 27
        guard register == mark, upper >> 12 & 3 == 3, target != 0, target != mark else { return 4 }
        let distance = word(bytes, place + 4).byteSwapped &- counter
        put(auipc | target << 7 | (distance &+ 0x800) & 0xFFFF_F000, &bytes, place)
        put(upper >> 12 | distance << 20, &bytes, place + 4)
        return 8
    }

    // MARK: Words

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
            | UInt32(bytes[place + 3]) << 24
    }

    private static func put(_ word: UInt32, _ bytes: inout [UInt8], _ place: Int) {
        for octet in 0..<4 { bytes[place + octet] = UInt8(truncatingIfNeeded: word >> UInt32(octet * 8)) }
    }
}
