internal import Bytes

/// What a style sheet or a `style` attribute loads, as browsers cut CSS into tokens (CSS Syntax 3, section 4): `url()`, and strings
/// behind `@import` and in functions that take an address, escapes undone. An address that ends in none of its ways is none.
struct CSSAddresses {
    private let style: [UInt8]
    private var index = 0
    /// Brackets that are open: what closes each, and whether a string in it is an address.
    private var open: [(closer: UInt8, takesAddress: Bool)] = []
    /// Nothing but blanks and comments since `@import`.
    private var isBehindImport = false

    private static let functions = ["url", "src", "image", "image-set", "-webkit-image-set"].map { Array($0.utf8) }

    private init(_ style: [UInt8]) {
        self.style = style
    }

    static func each(in style: [UInt8], _ use: ([UInt8]) -> Void) {
        // Most attributes load nothing.
        guard style.contains(where: { $0 == 0x28 || $0 == 0x40 }) else { return }
        var addresses = CSSAddresses(style)
        while addresses.index < style.count { addresses.token(use) }
    }

    private mutating func token(_ use: ([UInt8]) -> Void) {
        let byte = style[index]
        switch byte {
        case _ where Self.isBlank(byte):
            index += 1
            return
        case 0x2F where peek(1) == 0x2A:
            comment()
            return
        case 0x22, 0x27:
            let isAddress = isBehindImport || open.last?.takesAddress == true
            if let text = string() {
                if isAddress { use(text) }
            } else if !open.isEmpty {
                // What stands behind it in its function is none either.
                open[open.count - 1].takesAddress = false
            }
        case 0x40:
            index += 1
            isBehindImport = Self.lower(decoded(name())) == Array("import".utf8)
            return
        // The names of hashes and units begin no function.
        case 0x23, 0x30...0x39:
            index += 1
            _ = name()
        case 0x28: opens(0x29)
        case 0x5B: opens(0x5D)
        case 0x7B: opens(0x7D)
        case 0x29, 0x5D, 0x7D:
            index += 1
            if open.last?.closer == byte { open.removeLast() }
        default:
            let name = name()
            guard !name.isEmpty else {
                index += 1
                break
            }
            guard peek(0) == 0x28 else { break }
            let function = Self.lower(decoded(name))
            opens(0x29, takesAddress: Self.functions.contains(function))
            guard function == Self.functions[0] else { break }
            passBlanks()
            guard let next = peek(0), next != 0x22, next != 0x27 else { break }
            open.removeLast()
            if let address = address() { use(address) }
        }
        isBehindImport = false
    }

    private func peek(_ offset: Int) -> UInt8? { index + offset < style.count ? style[index + offset] : nil }

    private mutating func opens(_ closer: UInt8, takesAddress: Bool = false) {
        open.append((closer, takesAddress))
        index += 1
    }

    private mutating func passBlanks() {
        while let byte = peek(0), Self.isBlank(byte) { index += 1 }
    }

    private mutating func comment() {
        index += 2
        while index < style.count {
            defer { index += 1 }
            if style[index] == 0x2A, peek(1) == 0x2F {
                index += 1
                return
            }
        }
    }

    /// Passes over the octets of a name, escapes among them.
    private mutating func name() -> Range<Int> {
        let start = index
        while let byte = peek(0) {
            if byte == 0x5C, beginsEscape {
                var ignored: [UInt8] = []
                escape(into: &ignored)
            } else if Self.isNamePart(byte) {
                index += 1
            } else {
                break
            }
        }
        return start..<index
    }

    private func decoded(_ name: Range<Int>) -> [UInt8] {
        guard style[name].contains(0x5C) else { return Array(style[name]) }
        var reader = CSSAddresses(Array(style[name]))
        var out: [UInt8] = []
        while let byte = reader.peek(0) {
            if byte == 0x5C {
                reader.escape(into: &out)
            } else {
                out.append(byte)
                reader.index += 1
            }
        }
        return out
    }

    /// The backslash here and what follows it are an escape (section 4.3.8).
    private var beginsEscape: Bool { peek(1).map { !Self.isLineEnd($0) } ?? false }

    /// Takes the escape that begins here (section 4.3.7).
    private mutating func escape(into out: inout [UInt8]) {
        index += 1
        let start = index
        var value: UInt32 = 0
        while index - start < 6, let byte = peek(0), let digit = hexadecimalValue(byte) {
            value = value << 4 | UInt32(digit)
            index += 1
        }
        guard index > start else {
            if let byte = peek(0) { out.append(byte) }
            index += 1
            return
        }
        if peek(0) == 0x0D, peek(1) == 0x0A { index += 1 }
        if let byte = peek(0), Self.isBlank(byte) { index += 1 }
        let scalar = value == 0 ? nil : Unicode.Scalar(value)
        out += Array(String(Character(scalar ?? "\u{FFFD}")).utf8)
    }

    /// The string that begins here; nil when its line ends before it does (section 4.3.5).
    private mutating func string() -> [UInt8]? {
        let quote = style[index]
        index += 1
        var out: [UInt8] = []
        while let byte = peek(0) {
            if byte == quote {
                index += 1
                return out
            }
            if Self.isLineEnd(byte) { return nil }
            if byte != 0x5C {
                out.append(byte)
                index += 1
            } else if beginsEscape {
                escape(into: &out)
            } else {
                // The line goes on.
                if peek(1) == 0x0D, peek(2) == 0x0A { index += 1 }
                index += 2
            }
        }
        return out
    }

    /// The address without quotes that begins here; nil for one with what has no place in it (section 4.3.6).
    private mutating func address() -> [UInt8]? {
        var out: [UInt8] = []
        while let byte = peek(0) {
            switch byte {
            case 0x29:
                index += 1
                return out
            case _ where Self.isBlank(byte):
                passBlanks()
                guard peek(0) == nil || peek(0) == 0x29 else { return wrongAddress() }
            case 0x22, 0x27, 0x28, 0x01...0x1F, 0x7F: return wrongAddress()
            case 0x5C:
                guard beginsEscape else { return wrongAddress() }
                escape(into: &out)
            default:
                out.append(byte)
                index += 1
            }
        }
        return out
    }

    /// Passes over the rest of an address that is none (section 4.3.14).
    private mutating func wrongAddress() -> [UInt8]? {
        while let byte = peek(0) {
            index += byte == 0x5C ? 2 : 1
            if byte == 0x29 { break }
        }
        return nil
    }

    private static func lower(_ name: [UInt8]) -> [UInt8] { name.map(asciiLower) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || isLineEnd(byte) }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0C || byte == 0x0D }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, 0x2D, 0x5F, 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        default: false
        }
    }
}
