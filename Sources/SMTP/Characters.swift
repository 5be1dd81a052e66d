/// Character classes of RFC 5321/5322, one octet each.
extension UInt8 {
    /// C0 control or DEL: never allowed in a command's argument, and never passed on into a log or a command (A4).
    var isControl: Bool { self < 0x20 || self == 0x7F }

    /// Part of a UTF-8 sequence outside ASCII (RFC 6531 `UTF8-non-ascii`).
    var isEightBit: Bool { self >= 0x80 }

    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isLetter: Bool {
        let lower = self | 0x20
        return lower >= 0x61 && lower <= 0x7A
    }

    /// `atext` of RFC 5322 section 3.2.3, extended by RFC 6531 section 3.3.
    var isAtomText: Bool {
        if isLetter || isDigit || isEightBit { return true }
        switch self {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E: return true
        default: return false
        }
    }

    /// Value of a hexadecimal digit of either case.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// The slice without spaces at both ends.
    var trimmed: ArraySlice<UInt8> {
        var slice = self
        while slice.first == 0x20 { slice.removeFirst() }
        while slice.last == 0x20 { slice.removeLast() }
        return slice
    }

    /// True when the octets outside ASCII form valid UTF-8.
    var isUTF8: Bool {
        !contains { $0.isEightBit } || String(validating: self, as: UTF8.self) != nil
    }
}
