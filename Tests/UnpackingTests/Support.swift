import Linux
import Digests
import Documents
import Foundation
import Glibc
import Members
import Testing

@testable import Unpacking

/// The test file of the anti-virus makers, in two halves so that this source is not it.
let eicar = Array(("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").utf8)

/// Everything that unpacking one content gave, container by container.
struct Unpacked {
    struct Entry {
        var path: String
        var names: [String]
        var flags: MemberFlags
        /// nil for a member without content.
        var content: [UInt8]?
        var types: [String]
    }

    var types: [String] = []
    var entries: [Entry] = []
    var problems: [ContainerProblem] = []
    var facts: [DocumentFact] = []
    var limits: [UnpackingLimit] = []
    var isComplete = false
    var isPiece = false
    var failure: String?

    /// - Parameters:
    ///   - directory: of the workspace; nil keeps all in memory.
    ///   - looksAhead: the content is lent for texts that come later.
    ///   - isPiece: it has the name of a piece of something larger.
    init(
        _ content: [UInt8], limits: UnpackingLimits = UnpackingLimits(), messageSize: Int? = nil,
        directory: String? = nil, passwords: Passwords = Passwords(), looksAhead: Bool = false,
        isPiece: Bool = false
    ) {
        // libarchive gives no names otherwise; the inspector does the same before it forks.
        setlocale(LC_ALL, "C.UTF-8")
        let unpacker = Unpacker(
            limits: limits, messageSize: messageSize ?? content.count, directory: directory, passwords: { passwords },
            containers: { use in if looksAhead { use(content.span) } })
        let opened = unpacker.open(content.span, as: -1, isPiece: isPiece)
        types = opened.types.map(\.name)
        problems = opened.problems
        facts = opened.facts
        isComplete = opened.isComplete
        self.isPiece = opened.isPiece
        while let item = unpacker.next() {
            let index = entries.count
            let holder = item.container < 0 ? "" : entries[item.container].path + "/"
            entries.append(
                Entry(
                    path: "\(holder)\(item.number)",
                    names: item.member.names.map { String(decoding: $0, as: UTF8.self) },
                    flags: item.member.flags, content: nil, types: []))
            guard item.hasContent else { continue }
            _ = unpacker.withContent(of: item) { bytes in
                entries[index].content = bytes.withUnsafeBufferPointer { Array($0) }
                let inner = unpacker.open(bytes, as: index, item: item)
                entries[index].types = inner.types.map(\.name)
                problems += inner.problems
                facts += inner.facts
            }
            unpacker.release(item)
        }
        self.limits = unpacker.limitsHit
        failure = unpacker.workspaceFailure?.description
    }

    /// Paths of the members that hold exactly this.
    func places(of content: [UInt8]) -> [String] { entries.filter { $0.content == content }.map(\.path) }
    /// All names.
    var names: [String] { entries.flatMap(\.names) }
    /// Kinds of problems, without notes.
    var kinds: Set<ContainerProblem.Kind> { Set(problems.map(\.kind)).subtracting([.note]) }
    /// Something was said besides members.
    var isMarked: Bool { !kinds.isEmpty || !limits.isEmpty }
}

/// Archives of others beside the package; absent outside of development.
enum Corpora {
    static let archives: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora/archives")

    static var isPresent: Bool { FileManager.default.fileExists(atPath: archives.path) }

    /// All regular files below a folder, sorted, as paths within `archives`.
    static func files(_ folder: String) -> [String] {
        let root = archives.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
        else { return [] }
        let files = walk.compactMap { $0 as? URL }.filter {
            (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
        }
        return files.map { String($0.path.dropFirst(archives.path.count + 1)) }.sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: archives.appendingPathComponent(path)))
    }
}

/// Little-endian octets.
func octets(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
