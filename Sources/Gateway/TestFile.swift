internal import Digests
internal import MailModel
internal import RemoteChecks

/// The EICAR test file where nobody looks for viruses, so that what follows a virus can be tried out all the same. Signatures know it
/// otherwise. It counts as a whole file, as its standard says (eicar.org), with one of the usual line ends behind it or nothing.
enum TestFile {
    static let name = "Eicar-Test-Signature"

    private static let digests: Set<[UInt8]> = {
        let ends = ["", "\n", "\r\n", "\n\n", "\r\n\r\n", " ", "\u{1A}"]
        return Set(
            ends.map { end in (TestSample.eicar.octets + Array(end.utf8)).withUnsafeBytes { SHA256.digest($0) } })
    }()

    /// Parts of a message, and members of its archives, that are the file.
    static func findings(in report: Report) -> [Finding] {
        report.parts.indices.filter { digests.contains(report.parts[$0].sha256) }.map {
            Finding(scanner: Finding.testStrings, kind: .virus, name: name, part: $0)
        }
    }
}
