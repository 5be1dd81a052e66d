import Foundation
import MIME
import MailModel

/// Bytes of a text whose line ends are LF, with CRLF instead.
func crlf(_ text: String) -> [UInt8] {
    Array(text.replacingOccurrences(of: "\n", with: "\r\n").utf8)
}

func read(_ bytes: [UInt8], _ limits: MIMELimits = MIMELimits()) -> PartTree {
    MIMEReader.read(bytes.span, limits: limits)
}

/// One line for each part in document order: path, kind, type.
func outline(_ tree: PartTree) -> [String] {
    documentOrder(tree).map { "\(tree.parts[$0].path) \(tree.parts[$0].kind.rawValue) \(tree.parts[$0].mediaType)" }
}

/// Indices of the parts of the ordinary reading in document order.
func documentOrder(_ tree: PartTree) -> [Int] {
    var order: [Int] = []
    var stack: [Int32] = [0]
    while let index = stack.popLast() {
        let part = tree.parts[Int(index)]
        order.append(Int(index))
        if part.nextSibling >= 0 { stack.append(part.nextSibling) }
        if part.firstChild >= 0 { stack.append(part.firstChild) }
    }
    return order
}

/// The bytes with LF for each CRLF.
func withLF(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
        if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
        out.append(byte)
    }
    return out
}

func kinds(_ tree: PartTree) -> Set<String> {
    Set(tree.anomalies.map(\.kind.rawValue))
}

func kinds(_ kinds: AnomalyKind...) -> Set<String> {
    Set(kinds.map(\.rawValue))
}

func part(_ tree: PartTree, _ path: String) -> Int? {
    tree.parts.firstIndex { $0.path == path }
}

func body(_ tree: PartTree, _ path: String, _ message: [UInt8]) -> String? {
    guard let index = part(tree, path) else { return nil }
    return tree.withBody(of: index, in: message.span) { span in
        span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

func decoded(_ tree: PartTree, _ index: Int, _ message: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    _ = tree.decodeBody(of: index, in: message.span, into: &out, limit: 1 << 30)
    return out
}

/// Other people's messages beside the package; absent outside of development.
enum Corpora {
    static let root: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/corpora")

    static var mime: URL { root.appendingPathComponent("mime") }

    static var isPresent: Bool { FileManager.default.fileExists(atPath: mime.path) }

    /// All regular files below `folder`, sorted.
    static func files(in folder: URL) -> [URL] {
        guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        else { return [] }
        let files = walk.compactMap { $0 as? URL }.filter {
            (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
        }
        return files.sorted { $0.path < $1.path }
    }
}

/// A reproducible stream of numbers (SplitMix64).
struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next() % UInt64(bound)) : 0
    }
}
