/// Makes the lines of a message those of an mbox file: they end with LF, and each that has any number of `>` before `From ` gets
/// one more (the reversible form, mboxrd), also in the header: nothing in a message begins another one. Takes it in any
/// pieces. A CR that is not before LF stays what it is; so does LF alone, behind which a line begins, too.
struct MboxLines {
    private static let word = Array("From ".utf8)

    /// Octets of `From ` so far, behind the start of the line and its `>`; nil when the line is none of those.
    private var matched: Int? = 0
    /// A CR was last, and it is not written yet.
    private var holdsCR = false
    /// Nothing of the line is written yet.
    private var isLineStart = true

    /// - Returns: what of the form is known with these octets.
    mutating func take(_ octets: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(octets.underestimatedCount + 16)
        for octet in octets {
            if holdsCR, octet != 0x0A { out.append(0x0D) }
            holdsCR = octet == 0x0D
            if octet == 0x0D || octet == 0x0A {
                release(&out)
                guard octet == 0x0A else { continue }
                out.append(octet)
                matched = 0
                isLineStart = true
                continue
            }
            isLineStart = false
            if let count = matched {
                if count == 0, octet == 0x3E {
                    out.append(octet)
                    continue
                }
                if octet == Self.word[count] {
                    matched = count + 1
                    guard count + 1 == Self.word.count else { continue }
                    out.append(0x3E)
                    release(&out)
                    continue
                }
                release(&out)
            }
            out.append(octet)
        }
        return out
    }

    /// What is left, the end of the last line, and the blank line behind a message.
    mutating func finish() -> [UInt8] {
        var out: [UInt8] = []
        release(&out)
        if holdsCR { out.append(0x0D) }
        if holdsCR || !isLineStart { out.append(0x0A) }
        return out + [0x0A]
    }

    /// Writes what was held back of `From `; the line is decided.
    private mutating func release(_ out: inout [UInt8]) {
        out += Self.word.prefix(matched ?? 0)
        matched = nil
    }
}
