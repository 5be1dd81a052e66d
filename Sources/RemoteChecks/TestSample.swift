internal import Linux
internal import MailModel

/// What a scanner must find to be believed when it finds nothing.
package enum TestSample: String, Sendable, Hashable, CaseIterable {
    /// The EICAR test file, as the text of a message and as its only part.
    case eicar
    /// The test string for spam filters.
    case gtube
    /// Nothing: that it answers is enough.
    case none

    /// Points from which on the sample for spam filters counts as found; it gives a thousand with SpamAssassin.
    static let points = 5.0

    // Put together here, so that nobody's scanner takes this program for what it looks for.
    private var text: String {
        switch self {
        case .eicar: "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
        case .gtube: "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
        case .none: ""
        }
    }

    /// The sample without a message around it.
    package var octets: [UInt8] { Array(text.utf8) }

    // A test file counts by its standard only when nothing stands in front of it.
    private var type: String { self == .eicar ? "application/octet-stream" : "text/plain" }

    /// The sample as a message; of `none`, one that is clean.
    package var message: [UInt8] {
        let header =
            "From: <self-test@localhost>\r\nTo: <self-test@localhost>\r\nSubject: self-test\r\n"
            + "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <self-test@localhost>\r\nMIME-Version: 1.0\r\n"
        // Some signatures know the file by its digest alone: no line end belongs to it.
        let end = self == .eicar ? "" : "\r\n"
        return Array("\(header)Content-Type: \(type)\r\n\r\n\(text)\(end)".utf8)
    }

    /// The sample as scanners get it.
    func subject() throws(ScannerFailure) -> ScanSubject {
        let (message, body) = (message, octets)
        do throws(SystemError) {
            var subject = ScanSubject(message: try Self.file(message), size: message.count)
            subject.sender = "self-test@localhost"
            subject.recipients = ["self-test@localhost"]
            subject.clientAddress = "127.0.0.1"
            subject.helo = "localhost"
            subject.id = "self-test"
            subject.isSample = true
            subject.parts = ScanParts(
                file: try Self.file(body),
                entries: [.init(part: 0, range: 0..<body.count, path: "1", name: "self-test", type: type)])
            return subject
        } catch {
            throw ScannerFailure("\(error)")
        }
    }

    private static func file(_ bytes: [UInt8]) throws(SystemError) -> Descriptor {
        let file = try Descriptor.memory("mailreeve-self-test")
        try file.write(bytes)
        try file.seal()
        return file
    }

    /// True when an answer shows that the scanner works.
    func isFound(in answer: ScanAnswer) -> Bool {
        switch self {
        case .eicar: answer.isInfected
        // In the filter's own points: what they are worth here says nothing of whether it works.
        case .gtube: answer.filterScore ?? answer.tests.reduce(0) { $0 + $1.score } >= Self.points
        case .none: true
        }
    }
}
