package import MailModel

/// A text that is put under messages, as plain text and as HTML.
package struct Disclaimer: Hashable, Sendable {
    /// What is wrong with a file.
    package struct Fault: Error, Hashable, Sendable {
        package var form: TextEnd.Form
        /// From 1; 0 for the file as a whole.
        package var line: Int
        package var text: String

        package init(form: TextEnd.Form, line: Int, text: String) {
            (self.form, self.line, self.text) = (form, line, text)
        }
    }

    package let name: String
    /// Lines without blanks at their ends.
    private let lines: [String]
    /// HTML in ASCII, all other letters as references, lines ended by CRLF.
    package let html: [UInt8]

    /// Octets of a file at most.
    package static let sizeLimit = 16_384
    /// Octets of one line at most; RFC 5321 section 4.5.3.1.6 allows 998 in mail.
    package static let lineLimit = 900

    /// - Parameters:
    ///   - text: the file with the plain text, UTF-8.
    ///   - markup: the file with the HTML, UTF-8; nil makes it of the plain text.
    package init(name: String, text: [UInt8], markup: [UInt8]?) throws(Fault) {
        self.name = name
        lines = try Self.lines(text, .plain)
        let source = try markup.map { bytes throws(Fault) in try Self.lines(bytes, .html) } ?? Self.paragraphs(lines)
        let html = source.map(Self.referenced)
        if let long = html.firstIndex(where: { $0.utf8.count > Self.lineLimit }) {
            throw Fault(
                form: markup == nil ? .plain : .html, line: markup == nil ? 0 : long + 1,
                text: "over \(Self.lineLimit) octets as HTML in ASCII")
        }
        self.html = Array(html.joined(separator: "\r\n").utf8)
    }

    private static func lines(_ bytes: [UInt8], _ form: TextEnd.Form) throws(Fault) -> [String] {
        guard bytes.count <= sizeLimit else { throw Fault(form: form, line: 0, text: "over \(sizeLimit) octets") }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var lines: [String] = []
        for line in bytes.dropFirst(bytes.starts(with: mark) ? 3 : 0)
            .split(separator: 0x0A, omittingEmptySubsequences: false)
        {
            func fault(_ text: String) -> Fault { Fault(form: form, line: lines.count + 1, text: text) }
            guard let text = String(validating: line, as: UTF8.self) else { throw fault("not UTF-8") }
            var scalars = text.unicodeScalars
            while let last = scalars.last, last == " " || last == "\t" || last == "\r" { scalars.removeLast() }
            guard scalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\t" }) else {
                throw fault("a control character")
            }
            guard line.count <= lineLimit else { throw fault("over \(lineLimit) octets") }
            lines.append(String(scalars))
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// HTML of plain text: an empty line parts paragraphs.
    private static func paragraphs(_ lines: [String]) -> [String] {
        var out: [String] = []
        for paragraph in lines.split(separator: "") {
            out += paragraph.enumerated().map { index, line in
                var escaped = ""
                for character in line.unicodeScalars {
                    switch character {
                    case "&": escaped += "&amp;"
                    case "<": escaped += "&lt;"
                    case ">": escaped += "&gt;"
                    default: escaped.unicodeScalars.append(character)
                    }
                }
                return (index == 0 ? "<p>" : "") + escaped + (index == paragraph.count - 1 ? "</p>" : "<br>")
            }
        }
        return out
    }

    private static func referenced(_ line: String) -> String {
        var out = ""
        for scalar in line.unicodeScalars {
            if scalar.isASCII { out.unicodeScalars.append(scalar) } else { out += "&#\(scalar.value);" }
        }
        return out
    }

    /// The plain text, lines with CRLF between them.
    /// - Parameter isFlowed: lines that RFC 3676 section 4.4 says so of get a blank in front.
    package func plain(isFlowed: Bool) -> String {
        guard isFlowed else { return lines.joined(separator: "\r\n") }
        return lines.map { line in
            line.hasPrefix(" ") || line.hasPrefix(">") || line.hasPrefix("From ") ? " " + line : line
        }.joined(separator: "\r\n")
    }
}
