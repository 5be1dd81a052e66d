import Digests
import Documents
import Foundation
import Members
import TestSupport

/// Everything that readers hand out, kept.
final class Collector: DocumentSink {
    private let members: MemberCollector
    private(set) var facts: [DocumentFact] = []
    /// Calls of `mayGoOn` that are still answered with yes.
    var patience = Int.max

    init(_ document: [UInt8], room: Int = 1 << 30, most: Int = 100_000) {
        members = MemberCollector(document, room: room, members: most)
    }

    var items: [MemberCollector.Item] { members.items }
    var problems: [ContainerProblem] { members.problems }
    var room: Int { members.room }
    var limits: ContainerLimits { members.limits }

    func add(_ member: Member, range: Range<Int>) -> Bool { members.add(member, range: range) }
    func add(_ member: Member, content: [UInt8]) -> Bool { members.add(member, content: content) }
    func add(_ member: Member) -> Bool { members.add(member) }
    func begin(_ member: Member) -> Bool { members.begin(member) }
    func append(_ piece: Span<UInt8>) -> Bool { members.append(piece) }
    func end() { members.end() }
    func spend(_ octets: Int) { members.spend(octets) }

    func mayGoOn() -> Bool {
        patience -= 1
        return patience > 0 && members.mayGoOn()
    }
    func report(_ problem: ContainerProblem) { members.report(problem) }
    func add(_ fact: DocumentFact) { facts.append(fact) }

    /// Members whose content is exactly `content`.
    func members(with content: [UInt8]) -> [Member] { items.filter { $0.content == content }.map(\.member) }

    func has(_ content: [UInt8]) -> Bool { !members(with: content).isEmpty }

    /// Texts of the facts of a kind.
    func texts(_ kind: DocumentFact.Kind) -> [String] {
        facts.filter { $0.kind == kind }.map { String(decoding: $0.text, as: UTF8.self) }
    }

    func has(_ kind: ContainerProblem.Kind) -> Bool { problems.contains { $0.kind == kind } }

    /// Where the passwords come from that opened it.
    var sources: [Passwords.Source] {
        Passwords.Source.allCases.filter { problems.contains(ContainerProblem(.note, "opened with \($0.words)")) }
    }

    /// All names of all members.
    var names: [String] { items.flatMap { $0.member.names.map { String(decoding: $0, as: UTF8.self) } } }
}

extension DocumentOptions {
    /// With candidates of a text.
    init(passwords: [String]) {
        var list = Passwords()
        for password in passwords { list.add(Array(password.utf8), .text) }
        self.init(passwords: { [list] in list })
    }
}

/// Reads a document as every format that fits.
func read(
    _ document: [UInt8], _ options: DocumentOptions = DocumentOptions(), room: Int = 1 << 30, most: Int = 100_000
) -> Collector {
    let collector = Collector(document, room: room, most: most)
    for format in DocumentFormat.all where format.matches(document.span) {
        format.read(document.span, options: options, sink: collector)
    }
    return collector
}

/// Names of the formats that fit.
func formats(_ document: [UInt8]) -> [String] {
    DocumentFormat.all.filter { $0.matches(document.span) }.map(\.name)
}

/// Reads a document, and the documents in it, some levels down: everything that came out.
func readAll(_ document: [UInt8], levels: Int = 4) -> [MemberCollector.Item] {
    var found: [MemberCollector.Item] = []
    var level = [document]
    for _ in 0..<levels {
        let items = level.flatMap { read($0).items }
        found += items
        level = items.compactMap(\.content)
    }
    return found
}

/// The test file of the anti-virus makers, put together so that this source is not one.
let eicar: [UInt8] = Array(("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").utf8)

/// A program of DOS: a header of 32 octets that says where its code ends, and code.
func dosProgram(_ code: [UInt8]) -> [UInt8] {
    let size = 32 + code.count
    let fields = [size % 512, (size + 511) / 512, 0, 2, 0, 0xFFFF, 0, 0, 0, 0, 0, 28, 0]
    return Array("MZ".utf8) + fields.flatMap { [UInt8](little: $0, 2) } + [UInt8](repeating: 0, count: 4) + code
}

func hash(_ content: [UInt8]) -> String {
    hexadecimal(content.withUnsafeBytes { SHA256.digest($0) })
}

/// Other people's files beside the package; absent outside of development.
enum Corpora {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora/archives")

    static var isPresent: Bool { FileManager.default.fileExists(atPath: root.path) }
    static let absent = "needs the corpora beside the package"

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appendingPathComponent(name)))
    }

    /// All files below the folders, sorted.
    static func files(_ folders: String...) -> [String] {
        folders.flatMap { folder -> [String] in
            let walk = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
            return (walk?.compactMap { $0 as? String } ?? []).map { folder + "/" + $0 }.filter {
                var isFolder: ObjCBool = false
                let path = root.appendingPathComponent($0).path
                return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            }
        }.sorted()
    }
}

extension Array where Element == UInt8 {
    init(little value: Int, _ size: Int) {
        self = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// UTF-16, little endian.
    init(utf16 text: String) {
        self = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }
}
