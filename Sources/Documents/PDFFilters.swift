internal import Bytes
internal import Compression

/// The filters of PDF streams (ISO 32000-2 section 7.4) that files are stored with. Those of images are not decoded.
package struct PDFFilters {
    /// Filters on one another that are undone.
    package static let mostFilters = 8

    /// What undoing the filters gave.
    struct Result {
        var content: [UInt8]
        /// The data ended early or is damaged.
        var isDamaged = false
        /// There was more than the limit.
        var limitReached = false
        /// A filter that is none of the standard's is left on.
        var isUnsupported = false
    }

    /// Filters of images: files that these begin with are looked at as they are.
    private static let imageFilters: Set<String> = [
        "DCTDecode", "DCT", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode", "CCF",
    ]

    private let names: [String]
    private let parameters: [[String: PDFValue]]

    /// - Parameter resolve: what a reference stands for.
    init(_ dictionary: [String: PDFValue], resolve: (PDFValue) -> PDFValue) {
        let filter = resolve(dictionary["Filter"] ?? dictionary["F"] ?? .other)
        names = filter.elements.compactMap { resolve($0).name }
        let parameters = resolve(dictionary["DecodeParms"] ?? dictionary["DP"] ?? .other)
        self.parameters = parameters.elements.map { resolve($0).dictionary ?? [:] }
    }

    /// The crypt filter that the stream names for itself (ISO 32000-2 section 7.4.10); nil where it names none.
    var cryptFilter: String? {
        names.firstIndex(of: "Crypt").map { index in
            parameters.indices.contains(index) ? parameters[index]["Name"]?.name ?? "Identity" : "Identity"
        }
    }

    /// True when nothing was done to the data.
    var isPlain: Bool { names.isEmpty || names == ["Crypt"] }

    /// True when the data are deflated and nothing else.
    var isDeflated: Bool {
        let real = names.filter { $0 != "Crypt" }
        guard real == ["FlateDecode"] || real == ["Fl"] else { return false }
        return names.indices.allSatisfy { parameter($0, "Predictor") ?? 1 <= 1 }
    }

    /// True when deflated data begin with zlib's head (RFC 1950 section 2.2); readers do not insist on it.
    static func hasHead(_ bytes: Span<UInt8>) -> Bool {
        bytes.count > 2 && bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
    }

    /// Undoes the filters; at most `limit` octets in each step.
    func decode(_ bytes: Span<UInt8>, limit: Int) -> Result {
        var result = Result(content: names.first == "Crypt" ? bytes.array : [])
        guard names.count <= Self.mostFilters else {
            return Result(content: bytes.extracting(bytes.range(0, limit)).array, limitReached: true)
        }
        for (index, name) in names.enumerated() where name != "Crypt" {
            let input = result.content
            guard let step = step(name, index, index == 0 ? bytes : input.span, limit) else {
                if index == 0 { result.content = bytes.extracting(bytes.range(0, limit)).array }
                result.isUnsupported = !Self.imageFilters.contains(name)
                return result
            }
            result.content = step.content
            result.isDamaged = result.isDamaged || step.isDamaged
            result.limitReached = result.limitReached || step.limitReached
            if let predictor = parameter(index, "Predictor"), predictor > 1 {
                let row = PDFPredictor(
                    predictor: predictor, colours: parameter(index, "Colors") ?? 1,
                    bits: parameter(index, "BitsPerComponent") ?? 8, columns: parameter(index, "Columns") ?? 1)
                result.content = row.undo(result.content)
            }
        }
        return result
    }

    /// One filter; nil for those of images and unknown ones.
    private func step(_ name: String, _ index: Int, _ input: Span<UInt8>, _ limit: Int) -> Result? {
        switch name {
        case "FlateDecode", "Fl": Self.flate(input, limit)
        case "LZWDecode", "LZW": PDFLZW.decode(input, early: parameter(index, "EarlyChange") ?? 1, limit: limit)
        case "ASCIIHexDecode", "AHx": Self.hexadecimal(input, limit)
        case "ASCII85Decode", "A85": Self.ascii85(input, limit)
        case "RunLengthDecode", "RL": Self.runLength(input, limit)
        default: nil
        }
    }

    private func parameter(_ index: Int, _ key: String) -> Int? {
        index < parameters.count ? parameters[index][key]?.number : nil
    }

    private static func flate(_ input: Span<UInt8>, _ limit: Int) -> Result {
        var content: [UInt8] = []
        var ended = Inflate.append(input, form: .zlib, to: &content, limit: limit)
        if content.isEmpty, ended.end == .corrupt, input.count > 2 {
            // Whatever stands in the place of the head.
            ended = Inflate.append(input.extracting(2..<input.count), form: .raw, to: &content, limit: limit)
        }
        return Result(
            content: content, isDamaged: ended.end == .corrupt || ended.end == .truncated,
            limitReached: ended.end == .limit)
    }

    private static func hexadecimal(_ input: Span<UInt8>, _ limit: Int) -> Result {
        var collector = HexadecimalCollector()
        for index in 0..<min(input.count, limit.multipliedReportingOverflow(by: 2).overflow ? Int.max : limit * 2) {
            if input[index] == UInt8(ascii: ">") { break }
            collector.add(input[index])
        }
        collector.add(UInt8(ascii: "0"))
        return Result(content: collector.finish())
    }

    private static func ascii85(_ input: Span<UInt8>, _ limit: Int) -> Result {
        var content: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var index = input.hasBytes("<~", at: 0) ? 2 : 0
        while index < input.count, content.count + 4 <= limit {
            let byte = input[index]
            index += 1
            if byte == UInt8(ascii: "z"), digits == 0 {
                content += [0, 0, 0, 0]
            } else if byte == UInt8(ascii: "~") {
                break
            } else if byte >= 0x21, byte <= 0x75 {
                group = group &* 85 &+ UInt32(byte - 0x21)
                digits += 1
                if digits == 5 {
                    append(group, 4, &content)
                    (group, digits) = (0, 0)
                }
            }
        }
        if digits > 1 {
            for _ in digits..<5 { group = group &* 85 &+ 84 }
            append(group, digits - 1, &content)
        }
        return Result(content: content, limitReached: content.count + 4 > limit && index < input.count)
    }

    private static func append(_ group: UInt32, _ count: Int, _ content: inout [UInt8]) {
        for place in 0..<count { content.append(UInt8(truncatingIfNeeded: group >> UInt32(24 - 8 * place))) }
    }

    private static func runLength(_ input: Span<UInt8>, _ limit: Int) -> Result {
        var content: [UInt8] = []
        var at = 0
        while at < input.count, input[at] != 128 {
            guard content.count + 128 <= limit else {
                return Result(content: content, limitReached: true)
            }
            let length = Int(input[at])
            if length < 128 {
                let literal = input.range(at + 1, length + 1)
                input.extracting(literal).withUnsafeBufferPointer { content.append(contentsOf: $0) }
                at += length + 2
            } else {
                guard at + 1 < input.count else { break }
                content.append(contentsOf: repeatElement(input[at + 1], count: 257 - length))
                at += 2
            }
        }
        return Result(content: content)
    }
}
