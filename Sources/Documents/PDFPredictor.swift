/// Undoes the predictors of Flate and LZW (ISO 32000-2 section 7.4.4.4): rows of samples stored as differences.
struct PDFPredictor {
    let predictor: Int
    /// Octets of a whole sample, at least 1.
    private let sample: Int
    /// Octets of a row.
    private let row: Int
    private let bits: Int

    /// Values outside of what the standard allows make a predictor that changes nothing.
    init(predictor: Int, colours: Int, bits: Int, columns: Int) {
        let isSane = (1...32).contains(colours) && [1, 2, 4, 8, 16].contains(bits) && (1...(1 << 24)).contains(columns)
        self.predictor = isSane ? predictor : 1
        self.bits = bits
        sample = isSane ? max(1, colours * bits / 8) : 1
        row = isSane ? (colours * bits * columns + 7) / 8 : 1
    }

    func undo(_ content: [UInt8]) -> [UInt8] {
        if predictor >= 10 { return png(content) }
        // TIFF's differences of whole octets; others are images, never files.
        guard predictor == 2, bits == 8 else { return content }
        var out = content
        for index in out.indices where index % row >= sample { out[index] = out[index] &+ out[index - sample] }
        return out
    }

    /// Each row begins with its own filter (RFC 2083 section 6).
    private func png(_ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count)
        var at = 0
        while at < content.count {
            let kind = content[at]
            let start = out.count
            let length = min(row, content.count - at - 1)
            for place in 0..<length {
                let left = place >= sample ? Int(out[start + place - sample]) : 0
                let up = start >= row ? Int(out[start + place - row]) : 0
                let corner = place >= sample && start >= row ? Int(out[start + place - row - sample]) : 0
                let guess: Int =
                    switch kind {
                    case 1: left
                    case 2: up
                    case 3: (left + up) / 2
                    case 4: paeth(left, up, corner)
                    default: 0
                    }
                out.append(content[at + 1 + place] &+ UInt8(truncatingIfNeeded: guess))
            }
            at += 1 + length
        }
        return out
    }

    private func paeth(_ left: Int, _ up: Int, _ corner: Int) -> Int {
        let estimate = left + up - corner
        let distances = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
        if distances.0 <= distances.1, distances.0 <= distances.2 { return left }
        return distances.1 <= distances.2 ? up : corner
    }
}
