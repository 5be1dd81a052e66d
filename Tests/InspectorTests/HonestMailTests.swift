import Foundation
import InspectionLink
import Linux
import MailModel
import Testing

/// Mail of real software is not ambiguous, and other readings of it stay within their limits.
@Suite struct HonestMailTests {
    private struct Sample {
        var name: String
        var bytes: [UInt8]
    }

    private static let python = "/usr/bin/python3"
    private static let hasPython = CorpusTests.isPresent && access(python, X_OK) == 0

    @Test(.enabled(if: HonestMailTests.hasPython, "needs python3 and the corpora beside the package"))
    func ham() throws {
        let folder = CorpusTests.corpora + "/spamassassin"
        var samples: [Sample] = []
        var boxes: [String: [UInt8]] = [:]
        let index = try String(contentsOfFile: folder + "/index.tsv", encoding: .utf8).split(separator: "\n")
        let names = index[0].split(separator: "\t").map(String.init)
        for line in index.dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let row = Dictionary(zip(names, fields)) { first, _ in first }
            guard row["label"] == "ham", let file = row["file"], let offset = row["offset"].flatMap({ Int($0) }),
                let length = row["length"].flatMap({ Int($0) })
            else { continue }
            let box = try boxes[file] ?? Self.unpacked(folder + "/" + file)
            boxes[file] = box
            samples.append(Sample(name: "\(file) \(offset)", bytes: Array(box[offset..<offset + length])))
        }
        #expect(samples.count == 4150)
        try Self.judge("ham", samples)
    }

    @Test(
        .enabled(if: CorpusTests.isPresent, "the corpora are not beside the package"),
        arguments: [
            "sisimai-bounces", "enmime", "php-mime-mail-parser", "mikel-mail", "james-mime4j", "mime-tools",
            "python-email",
        ])
    func suite(_ name: String) throws {
        let paths = CorpusTests.files(below: "\(EvasionTests.mime)/\(name)").filter { path in
            let file = path.split(separator: "/").last ?? ""
            let parent = path.split(separator: "/").dropLast().last ?? ""
            // CR alone as line end: a gateway never lets it in so.
            if parent == "mac" { return false }
            return [".eml", ".msg", ".raw"].contains { file.hasSuffix($0) } || file.hasPrefix("msg_")
                || parent == "mails"
        }
        #expect(!paths.isEmpty)
        try Self.judge(
            name,
            try paths.map { path in
                Sample(
                    name: String(path.dropFirst(EvasionTests.mime.count + 1)),
                    bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
            })
    }

    private static func judge(_ title: String, _ samples: [Sample]) throws {
        let explained = try EvasionTests.table("ambiguous")
        let gateway = try TestGateway()
        try gateway.configure(gateway.settings(database: nil))
        let worker = try gateway.fork(1)
        var kinds: [String: Int] = [:]
        var ambiguous = 0
        for sample in samples {
            let report = try gateway.report(on: sample.bytes, by: worker)
            for kind in Set(report.anomalies.map(\.kind.rawValue)) { kinds[kind, default: 0] += 1 }
            let reasons = report.deceptions
            if !reasons.isEmpty { ambiguous += 1 }
            if reasons.isEmpty == explained.keys.contains(sample.name) {
                Issue.record("\(sample.name): \(reasons.isEmpty ? "listed but not ambiguous" : "\(reasons)")")
            }
            if report.limitsHit.contains(where: { $0 == "mime-readings" || $0 == "mime-alternative-bytes" }) {
                Issue.record("\(sample.name): \(report.limitsHit)")
            }
        }
        let list = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        print("honest \(title): \(samples.count) messages, \(ambiguous) ambiguous; \(list.joined(separator: ", "))")
    }

    private static func unpacked(_ path: String) throws -> [UInt8] {
        let pipe = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [
            "-I", "-c", "import lzma,sys;sys.stdout.buffer.write(lzma.open(sys.argv[1]).read())", path,
        ]
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return [UInt8](data)
    }
}
