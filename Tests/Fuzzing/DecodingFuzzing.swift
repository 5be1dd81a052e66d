internal import MIME

/// Transfer encodings: the first octet names the encoding, the second the limit, the rest is the body.
enum DecodingFuzzing {
    static func violations(_ input: [UInt8]) -> [String] {
        guard input.count > 2 else { return [] }
        let encodings = TransferEncoding.allCases
        let encoding = encodings[Int(input[0]) % encodings.count]
        let limit = Int(input[1])
        let body = Array(input.dropFirst(2))
        var wrong: [String] = []
        for decoding in Decoding.allCases {
            var whole: [UInt8] = []
            let result = TransferDecoder.decode(
                body.span, encoding: encoding, as: decoding, into: &whole, limit: 1 << 30)
            if result.limitReached { wrong.append("\(decoding): a limit beyond the input was reached") }
            // uuencode: characters that are missing at the end of a line stand for zero, so two give three octets.
            if whole.count > 2 * body.count { wrong.append("\(decoding): \(whole.count) of \(body.count) octets") }
            // Behind what is there already, and cut.
            var cut: [UInt8] = [1, 2, 3]
            let short = TransferDecoder.decode(body.span, encoding: encoding, as: decoding, into: &cut, limit: limit)
            if cut != [1, 2, 3] + whole.prefix(limit) { wrong.append("\(decoding): not the start of the whole") }
            if short.limitReached != (whole.count > limit) {
                wrong.append("\(decoding): \(whole.count) octets, limit \(limit), reached \(short.limitReached)")
            }
        }
        return wrong
    }
}
