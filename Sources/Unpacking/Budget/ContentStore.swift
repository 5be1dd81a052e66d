internal import Bytes
internal import Glibc
internal import Linux
internal import Members

/// Where the content of members lies until it is scanned: in memory while it is little, beyond that in one file of the
/// workspace. The file has a name of ours, and none at all once it is open; nothing from a container is ever a path.
final class ContentStore {
    /// Content of one member.
    enum Stored {
        case none
        case memory([UInt8])
        /// A range of the workspace file.
        case file(Range<Int>)

        var count: Int {
            switch self {
            case .none: 0
            case .memory(let bytes): bytes.count
            case .file(let range): range.count
            }
        }
    }

    /// What became of octets that were to be kept.
    enum Outcome {
        case kept
        /// The message's own limit for the workspace.
        case limit
        /// The file system is full, or writing failed: nothing can be said of the message now.
        case failed(SystemError)
    }

    private let memberMemory: Int
    private var memoryLeft: Int
    private var workspaceLeft: Int
    private let directory: String?
    private var file: Descriptor?
    private var fileEnd = 0

    private var buffer: [UInt8] = []
    /// Where the member that is being written begins in the file; nil while it is in memory.
    private var fileStart: Int?

    private static let page = 4096

    /// - Parameter directory: the message's own; nil keeps all in memory.
    init(_ limits: UnpackingLimits, directory: String?) {
        memberMemory = limits.memberMemory
        memoryLeft = limits.memory
        workspaceLeft = limits.workspace
        self.directory = directory
    }

    /// Adds octets to the member that is being written.
    func append(_ piece: Span<UInt8>) -> Outcome {
        if fileStart == nil, directory == nil || buffer.count + piece.count <= min(memberMemory, memoryLeft) {
            piece.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
            return .kept
        }
        if fileStart == nil {
            fileStart = fileEnd
            let outcome = write(buffer.span)
            buffer = []
            guard case .kept = outcome else { return outcome }
        }
        return write(piece)
    }

    /// Ends the member that was being written.
    func finish() -> Stored {
        defer {
            buffer = []
            fileStart = nil
        }
        guard let start = fileStart else {
            memoryLeft -= buffer.count
            return .memory(buffer)
        }
        let stored = Stored.file(start..<fileEnd)
        // The rest of the page is taken as well.
        let end = (fileEnd + Self.page - 1) / Self.page * Self.page
        workspaceLeft = max(0, workspaceLeft - (end - fileEnd))
        fileEnd = end
        return stored
    }

    /// Keeps content that is in memory already.
    func keep(_ content: [UInt8]) -> (stored: Stored, outcome: Outcome) {
        if directory == nil || content.count <= min(memberMemory, memoryLeft) {
            memoryLeft -= content.count
            return (.memory(content), .kept)
        }
        let outcome = append(content.span)
        return (finish(), outcome)
    }

    /// Frees content that nobody needs any more.
    func release(_ stored: Stored) {
        if case .memory(let bytes) = stored { memoryLeft += bytes.count }
    }

    /// Lends content.
    func withContent<Result>(_ stored: Stored, _ use: (Span<UInt8>) -> Result) throws(SystemError) -> Result {
        switch stored {
        case .none:
            return use(Span())
        case .memory(let bytes):
            return use(bytes.span)
        case .file(let range):
            guard let file, !range.isEmpty else { return use(Span()) }
            return try Mapping(file, range: range).withBytes(use)
        }
    }

    private func write(_ piece: Span<UInt8>) -> Outcome {
        guard piece.count <= workspaceLeft else { return .limit }
        do throws(SystemError) {
            let file = try openFile()
            try file.write(piece, at: fileEnd)
        } catch {
            // The process may write no larger file: a limit, where a full file system is a failure.
            return error.code == EFBIG ? .limit : .failed(error)
        }
        workspaceLeft -= piece.count
        fileEnd += piece.count
        return .kept
    }

    private func openFile() throws(SystemError) -> Descriptor {
        if let file { return file }
        let opened = try Descriptor.scratch(in: directory ?? ".", name: "unpacked")
        file = opened
        return opened
    }
}
