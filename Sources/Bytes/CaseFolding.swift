/// Text without regard to case: letters of ASCII in lower case, and of UTF-8 all letters. What is not UTF-8 keeps its other
/// octets.
package func foldedCase(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }), let letters = String(validating: text, as: UTF8.self) else {
        return text.map(asciiLower)
    }
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    for scalar in letters.unicodeScalars { out += scalar.properties.lowercaseMapping.utf8 }
    return out
}
