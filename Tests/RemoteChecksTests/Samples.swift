import Linux
import MailModel
import RemoteChecks
import TestSupport

/// In two halves, so that no scanner takes this file for the test file.
let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
let eicarName = "Eicar-Test-Signature.UNOFFICIAL"

/// A sealed file in memory.
func sealed(_ text: String) throws -> Descriptor {
    let file = try Descriptor.memory("mailreeve-test")
    try file.write(Array(text.utf8))
    try file.seal()
    return file
}

/// A message with this text, and these decoded parts.
func subject(_ text: String, parts: [String] = []) throws -> ScanSubject {
    let message = "From: a@example.org\r\nTo: b@example.net\r\nSubject: test\r\n\r\n\(text)\r\n"
    var subject = ScanSubject(message: try sealed(message), size: message.utf8.count)
    subject.sender = "a@example.org"
    subject.recipients = ["b@example.net"]
    subject.id = "test-1"
    guard !parts.isEmpty else { return subject }
    var entries: [ScanParts.Entry] = []
    var start = 0
    for (index, part) in parts.enumerated() {
        let range = start..<start + part.utf8.count
        entries.append(
            .init(part: index, range: range, path: "\(index + 1)", name: "part-\(index)", type: "text/plain"))
        start = range.upperBound
    }
    subject.parts = ScanParts(file: try sealed(parts.joined()), entries: entries)
    return subject
}

/// So many seconds from now on.
func deadline(_ seconds: Double) -> Int { monotonicNow() + Int(seconds * 1_000_000_000) }

/// Why a scan failed; nil when it did not.
func failure(_ work: () async throws(ScannerFailure) -> ScanAnswer) async -> String? {
    do throws(ScannerFailure) {
        _ = try await work()
        return nil
    } catch {
        return error.description
    }
}
