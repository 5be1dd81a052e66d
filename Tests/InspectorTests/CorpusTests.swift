import Glibc
import InspectionLink
import Linux
import MailModel
import Testing

/// Every file of the public corpora inside the closed sandbox: whatever libclamav and our reader do with it, they do not
/// need anything that the sandbox refuses.
@Suite struct CorpusTests {
    /// Test data beside the package, not part of it.
    static let corpora: String = {
        let parts = #filePath.split(separator: "/")
        return "/" + parts.dropLast(4).joined(separator: "/") + "/shared/corpora"
    }()
    static let isPresent = access(corpora, R_OK) == 0
    /// Larger files are left to the benchmarks, octets.
    static let largest = 512 << 10

    /// Regular files below a directory, in a fixed order.
    static func files(below directory: String) -> [String] {
        var pending = [directory]
        var found: [String] = []
        while let next = pending.popLast() {
            guard let stream = opendir(next) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                let path = next + "/" + name
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { pending.append(path) }
                if status.st_mode & S_IFMT == S_IFREG, status.st_size <= largest { found.append(path) }
            }
        }
        return found.sorted()
    }

    @Test(
        "Corpora are inspected in the sandbox",
        .enabled(if: isPresent, "the corpora are not beside the package"),
        arguments: [("mime", false), ("archives", true), ("smtp-smuggling", false)])
    func corpus(folder: String, attached: Bool) throws {
        let gateway = try TestGateway()
        try gateway.configure()
        var number = 1
        var worker = try gateway.fork(number)
        for path in Self.files(below: Self.corpora + "/" + folder) {
            let file = try Descriptor.open(path, O_RDONLY)
            let content = try file.read(at: 0, count: file.size())
            let message = attached ? Messages.attached(content) : content
            guard let report = try gateway.inspect(TestGateway.sealed(message), by: worker) else {
                Issue.record("the worker ended: \(path)")
                number += 1
                worker = try gateway.fork(number)
                continue
            }
            #expect(report.messageSize == message.count)
            let failed = report.unchecked.filter { $0.reason == .scannerFailed }
            #expect(failed.isEmpty, "\(path)")
            // Either everything was scanned or the report says what was not.
            #expect(report.completedScanners == ["clamav"] || !report.unchecked.isEmpty, "\(path)")
        }
    }
}
