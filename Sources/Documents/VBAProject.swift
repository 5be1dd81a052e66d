internal import Bytes

/// The `dir` stream of a VBA project ([MS-OVBA] 2.3.4.2): which streams hold modules, and where in them their source
/// text begins.
struct VBAProject {
    struct Module {
        var name: [UInt8] = []
        /// Name of the stream, in both encodings.
        var streams: [[UInt8]] = []
        var offset = 0
    }

    private(set) var modules: [Module] = []

    /// - Parameter directory: the `dir` stream, decompressed.
    init(_ directory: Span<UInt8>) {
        var codePage: Int?
        var at = 0
        while let id = directory.little16(at), let size = directory.little32(at + 2) {
            // PROJECTVERSION states 4 and has 6.
            let length = id == 0x0009 ? 6 : size
            let value = directory.extracting(directory.range(at + 6, length))
            at += 6 + length
            switch id {
            case 0x0003: codePage = value.little16(0)
            case 0x0019:
                guard modules.count < Self.mostModules else { return }
                modules.append(Module(name: Names.ansi(value, codePage: codePage)))
            case 0x001A: change { $0.streams.append(Names.ansi(value, codePage: codePage)) }
            case 0x0032: change { $0.streams.append(Names.utf16(value)) }
            case 0x0031: change { $0.offset = value.little32(0) ?? 0 }
            default: break
            }
        }
    }

    private static let mostModules = 4_096

    private mutating func change(_ edit: (inout Module) -> Void) {
        guard !modules.isEmpty else { return }
        edit(&modules[modules.count - 1])
    }

    /// Source text of the module in `stream`. When the project does not know the stream, or lies about it, the text is
    /// searched: it begins with a line `Attribute VB_Name`, which compression leaves readable.
    func source(of name: [UInt8], _ stream: Span<UInt8>, limit: Int) -> [UInt8]? {
        let known = modules.first { $0.streams.contains { equalIgnoringCase($0, name) } }
        if let known, let text = VBACompression.decompress(stream, at: known.offset, limit: limit), !text.isEmpty {
            return text
        }
        var from = 0
        while let place = stream.firstIndex(of: "\0Attribut", from: from) {
            // Before it: the container's signature and the first chunk's header.
            if let text = VBACompression.decompress(stream, at: place - 3, limit: limit), !text.isEmpty { return text }
            from = place + 1
        }
        return nil
    }

    private func equalIgnoringCase(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { asciiLower($0) == asciiLower($1) }
    }
}
